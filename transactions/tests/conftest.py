import pytest
from django.utils import timezone

from companies.identity import membership
from transactions.services.uploads import start_analysis
from transactions.tests.logs import log_file, read_here


@pytest.fixture
def member(user):
    return membership(user)


@pytest.fixture
def uploaded(member):
    return start_analysis(member=member, upload=log_file(with_faults=True), at=timezone.now())


@pytest.fixture
def read_log(uploaded):
    """A log that was read; without the profile, which takes longest."""
    return read_here(uploaded)
