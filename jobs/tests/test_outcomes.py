"""How commands end that do their job themselves."""

import pytest
from django.core.management.base import CommandError

from jobs.management.outcomes import see_succeed
from jobs.models import Job
from jobs.tests.factories import JobFactory

pytestmark = pytest.mark.django_db


def test_a_command_goes_on_where_its_job_succeeded():
    see_succeed(JobFactory(state=Job.State.SUCCEEDED))


@pytest.mark.parametrize(
    ("ended", "sentence"), [({"failed": True}, "It was lost."), ({"state": Job.State.CANCELLED}, "Cancelled")]
)
def test_a_command_ends_with_the_sentence_of_a_job_that_did_not(ended, sentence):
    with pytest.raises(CommandError, match=sentence):
        see_succeed(JobFactory(**ended))
