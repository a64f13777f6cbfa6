"""How good a version is, in figures and in words."""

import pytest

from registry.presenting.quality import quality_of
from registry.tests.factories import CURVES, ModelMetricsFactory, ModelVersionFactory

pytestmark = pytest.mark.django_db


def test_quality_is_told_in_plain_words():
    version = ModelMetricsFactory().model

    quality = quality_of(version)

    told = "Of 100 customers that it named when it was tried, about 67 left. It found 54 of 100 who left."
    assert quality.in_words == told


def test_a_version_that_named_nobody_has_no_share_of_those_named():
    nobody = CURVES["confusion"] | {"true_positive": 0, "false_positive": 0}
    version = ModelMetricsFactory(additional_metrics=CURVES | {"confusion": nobody}).model

    quality = quality_of(version)

    assert quality.in_words == "It named none of the customers whom it was tried on."
    assert next(figure.value for figure in quality.churners if "Precision" in figure.name) is None
    assert quality.at_home[0]["value"] == "nobody named"


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
