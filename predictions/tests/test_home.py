"""What the homes say of the latest result."""

import pytest

from jobs.models import Job
from ml.evaluation.proportions import wilson_interval
from predictions.presenting.summary import expected_precision
from predictions.tests.factories import PredictionFactory
from registry.tests.factories import CURVES, ModelMetricsFactory

pytestmark = pytest.mark.django_db

KINDS = {"new": 1153, "still named": 201, "bought since": 400, "less likely now": 300, "lapsed": 120}


def test_a_shop_reads_what_changed_on_its_list(as_user, user):
    log = PredictionFactory(user=user.user, job__state=Job.State.SUCCEEDED, upload_dataset_path="")
    changes = {"kinds": KINDS, "since": "2024-09-15T00:00:00", "first_seen": 0, "outcome": None}
    tiers = {"Low": 500, "Medium": 100, "High": 700, "Critical": 54}
    log.result = {"rows": 1894, "churners": 1354, "policy": "segments_v2", "tiers": tiers, "changes": changes}
    log.input_data |= {"source": "log", "analysis": "00000000-0000-4000-8000-000000000000"}
    log.save()

    home = as_user.get("/user/").content.decode()

    assert "1,153 new on the list since 15 September 2024, 820 no longer on it" in home
    assert f"/user/predictions/{log.uuid}/#changes" in home


def test_the_precision_has_the_interval_of_the_page_of_its_version():
    stored = {"intervals": {"churners": {"precision": {"low": 0.709, "high": 0.918}}}}
    version = ModelMetricsFactory(additional_metrics=CURVES | stored).model

    assert expected_precision(version) == {"of_100": 67, "low": 71, "high": 92}


def test_a_version_without_stored_intervals_still_says_how_sure_it_is():
    low, high = wilson_interval(185, 275)

    found = expected_precision(ModelMetricsFactory().model)

    assert (found["low"], found["high"]) == (round(100 * low), round(100 * high))
