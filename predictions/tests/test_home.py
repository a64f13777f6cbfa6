"""What the homes say of the latest result."""

import pytest

from jobs.models import Job
from predictions.tests.factories import PredictionFactory

pytestmark = pytest.mark.django_db

KINDS = {"new": 1153, "still named": 201, "bought since": 400, "less likely now": 300, "lapsed": 120}


def test_a_shop_reads_what_changed_on_its_list(as_user, user):
    log = PredictionFactory(user=user.user, job__state=Job.State.SUCCEEDED, upload_dataset_path="")
    changes = {"kinds": KINDS, "since": "2024-09-15T00:00:00", "first_seen": 0, "outcome": None}
    tiers = {"Low": 500, "Medium": 100, "High": 700, "Critical": 54}
    log.result = {"rows": 1894, "churners": 1354, "threshold": 0.31, "expected_named": 757.2}
    log.result |= {"policy": "segments_v2", "tiers": tiers, "changes": changes}
    log.input_data |= {"source": "log", "analysis": "00000000-0000-4000-8000-000000000000"}
    log.save()

    home = as_user.get("/user/").content.decode()

    assert "1,354 of 1,894 customers are named, from a probability of 0.31 on; about 757 of them" in home
    assert "1,153 new on the list since 15 September 2024, 820 no longer on it" in home
    assert f"/user/predictions/{log.uuid}/#changes" in home
