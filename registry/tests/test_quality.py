"""How good a version is, in figures and in words."""

import pytest

from registry.presenting.quality import quality_of
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


def test_a_version_that_was_never_evaluated_has_no_quality():
    assert quality_of(ModelVersionFactory()) is None
