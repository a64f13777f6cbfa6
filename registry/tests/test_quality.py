"""How good a version is, in figures and in words."""

import pytest

from registry.presenting.quality import Figure, compare, quality_of
from registry.tests.factories import ModelMetricsFactory, ModelVersionFactory

pytestmark = pytest.mark.django_db


def test_quality_is_told_in_plain_words():
    version = ModelMetricsFactory().model

    quality = quality_of(version)

    assert (
        quality.in_words == "Of 100 customers it says will leave, about 67 do. It finds 54 of 100 who leave."
    )


def test_every_figure_names_its_averaging():
    quality = quality_of(ModelMetricsFactory().model)

    assert {figure.name for figure in quality.weighted} >= {
        "Precision (weighted)",
        "Recall (weighted)",
        "F1 (weighted)",
    }
    assert all("(churners)" in figure.name for figure in quality.churners)


def test_a_figure_says_whether_it_is_better_than_another():
    errors = compare([Figure("Brier score", 0.13)], [Figure("Brier score", 0.14)], less_is_better=True)
    ties = compare([Figure("AUC", 0.8501)], [Figure("AUC", 0.8502)])
    worse = compare([Figure("AUC", 0.84)], [Figure("AUC", 0.85)])

    assert [row[0]["better"] for row in (errors, ties, worse)] == [True, None, False]


def test_a_version_that_was_never_evaluated_has_no_quality():
    assert quality_of(ModelVersionFactory()) is None
