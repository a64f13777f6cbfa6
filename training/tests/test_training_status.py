from jobs.models import Job
from jobs.tests.factories import JobFactory
from training.presenting.status import TRAINING_STATUS, training_status

STATES = ("WAITING", "QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED")


def test_every_state_of_a_job_has_its_word():
    assert set(STATES) == set(Job.State)
    assert [TRAINING_STATUS[state] for state in STATES] == [
        "training", "training", "training", "completed", "failed", "failed",
    ]  # fmt: skip


def test_an_organisation_that_never_trained_has_not_started():
    assert training_status(None) == "not_started"
    assert training_status(JobFactory.build(running=True)) == "training"
