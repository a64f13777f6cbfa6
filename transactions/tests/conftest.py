import pytest
from django.utils import timezone

from companies.access import membership
from transactions.models import AnalysisSession
from transactions.services.importing import start_import
from transactions.services.uploads import start_analysis
from transactions.tests.logs import MAPPING, log_file


@pytest.fixture
def member(user):
    return membership(user)


@pytest.fixture
def uploaded(member):
    return start_analysis(member=member, upload=log_file(with_faults=True), at=timezone.now())


@pytest.fixture
def read_log(uploaded, do_jobs):
    start_import(analysis=uploaded, mapping=MAPPING, at=timezone.now())
    do_jobs()
    return AnalysisSession.objects.get(pk=uploaded.pk)
