import pytest

from jobs import vocabulary
from jobs.models import Job
from jobs.tests.factories import JobFactory

STATES = ("QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (vocabulary.TRAINING_STATUS, ("training", "training", "completed", "failed", "failed")),
        (vocabulary.TRAINING_JOB, ("pending", "running", "completed", "failed", "failed")),
        (vocabulary.TRAINING_PROGRESS, ("started", "in_progress", "completed", "failed", "failed")),
    ],
)
def test_every_state_has_its_word_in_every_interface(table, words):
    assert tuple(table[state] for state in STATES) == words
    assert set(table) == set(Job.State)


def test_an_organisation_that_never_trained_has_not_started():
    assert vocabulary.training_status(None) == "not_started"
    assert vocabulary.training_status(JobFactory.build(running=True)) == "training"
