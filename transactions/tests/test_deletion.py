"""What goes with a log, with a company, and with time."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from companies.identity import membership
from companies.models import AuditEvent
from companies.services.conditions import NameDiffers
from companies.services.erasure import erase_company
from companies.tests.factories import UserFactory
from core.files.owners import sweep
from core.files.store import exists, objects_under, store_file
from core.files.stored import DATASETS, UTILS
from jobs.models import Job
from registry.models import Dataset
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.selectors import may_delete
from transactions.services.deletion import LogIsInUse, NotYourLog, delete_analysis
from transactions.services.importing import start_import
from transactions.services.matrices import start_features
from transactions.tests.logs import MAPPING

pytestmark = pytest.mark.django_db


@pytest.fixture
def with_features(read_log, do_jobs):
    start_features(analysis=read_log, feature_set="rfm_v2", at=timezone.now())
    do_jobs()
    return AnalysisSession.objects.get(pk=read_log.pk)


def stored():
    return [found.name for bucket in (DATASETS, UTILS) for found in objects_under(bucket, "org_")]


def test_a_log_goes_with_its_features_and_leaves_a_line(
    with_features, user, member, django_capture_on_commit_callbacks
):
    assert len(stored()) == 5

    with django_capture_on_commit_callbacks(execute=True):
        delete_analysis(analysis=with_features, typed="log.csv", by=member, at=timezone.now())

    assert not stored()
    assert not Dataset.objects.exists() and not FeatureMatrix.objects.exists()
    line = AuditEvent.objects.get(action="log-deleted")
    assert (line.subject, line.actor, line.details["matrices"]) == ("log.csv", user, 1)


def test_the_name_has_to_be_typed(read_log, member):
    with pytest.raises(NameDiffers, match=r"Type log\.csv"):
        delete_analysis(analysis=read_log, typed="log", by=member, at=timezone.now())

    assert len(stored()) == 3


def test_a_user_deletes_no_log_of_a_colleague_and_the_developer_all(
    read_log, company, developer, as_developer
):
    colleague = membership(UserFactory(company=company).account)

    with pytest.raises(NotYourLog, match="Ask them, or the developer"):
        delete_analysis(analysis=read_log, typed="log.csv", by=colleague, at=timezone.now())

    assert may_delete(membership(developer), read_log) and not may_delete(colleague, read_log)
    assert as_developer.get(f"/dev/logs/{read_log.pk}/delete/").status_code == 200


def test_a_log_that_is_worked_on_stays(read_log, member):
    start_import(analysis=read_log, mapping=MAPPING, at=timezone.now())

    with pytest.raises(LogIsInUse):
        delete_analysis(analysis=read_log, typed="log.csv", by=member, at=timezone.now())

    Job.objects.update(state=Job.State.CANCELLED)
    delete_analysis(analysis=read_log, typed="log.csv", by=member, at=timezone.now())
    assert not AnalysisSession.objects.exists()


def test_erasing_a_company_erases_its_objects_and_no_others(
    with_features, company, operator, tmp_path, django_capture_on_commit_callbacks
):
    foreign = tmp_path / "foreign.csv"
    foreign.write_text("x")
    store_file(DATASETS, "org_other/raw/x.csv", foreign)

    with django_capture_on_commit_callbacks(execute=True):
        erase_company(company=company, typed=company.name, by=operator, at=timezone.now())

    assert stored() == ["org_other/raw/x.csv"]


def test_the_sweep_removes_old_objects_that_no_row_names(with_features, settings, tmp_path):
    orphan = tmp_path / "orphan.csv"
    orphan.write_text("x")
    store_file(UTILS, "org_1/features/features_1.csv", orphan)
    named = set(stored()) - {"org_1/features/features_1.csv"}

    assert sweep(at=timezone.now()) == []

    assert len(sweep(at=timezone.now() + timedelta(days=2))) == 1
    assert set(stored()) == named
    assert not exists(UTILS, "org_1/features/features_1.csv")


def test_the_sweep_removes_what_a_killed_worker_was_drafting(settings):
    draft = settings.FILE_UPLOAD_TEMP_DIR / "log-abandoned"
    draft.mkdir()
    (draft / "events.parquet").write_text("half")
    os.utime(draft, (1000, 1000))

    assert sweep(at=timezone.now()) == [str(draft)]
    assert not draft.exists()
