"""Several web and worker machines that share nothing but the database and a server of files."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from companies.identity import membership
from companies.services.erasure import erase_company
from core.files.owners import sweep
from core.files.store import objects_under
from core.files.stored import BUCKETS, MEDIA
from intake.services.checking import FileRefused
from intake.services.waiting import UploadIsGone
from predictions.models import Prediction
from predictions.services.runs import start_prediction
from predictions.tests.conftest import (  # noqa: F401
    customer_file,
    customers,
    done,
    predict,
    send,
    to_csv,
    version,
)
from registry.selectors import telecom_base
from registry.services.opening import forget_loaded, load_scorer
from tabular.snapshots.plan import suggest
from training.models import TrainingRun
from training.services.own_tables import check_choices, find_seen, look_at_table, start_first_training
from training.services.retraining import check_upload, start_retraining
from training.tests.own import as_file, gym
from training.tests.uploads import labelled, pinned_type, retrained, retraining  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def another_machine(use_s3, settings, tmp_path):
    """Return a function after which everything happens on a machine that has no file yet."""
    use_s3()
    machines = iter(range(100))

    def go():
        place = tmp_path / f"machine-{next(machines)}"
        for name in ("STATE_DIR", "MEDIA_ROOT", "FILE_UPLOAD_TEMP_DIR"):
            folder = place / name.lower()
            folder.mkdir(parents=True)
            setattr(settings, name, folder)
        forget_loaded()

    return go


def stored(prefix="datasets/"):
    return [found.name for found in objects_under(MEDIA, prefix)]


@pytest.fixture
def with_a_bad_row(customers):  # noqa: F811
    rows = [list(row) for row in customers]
    rows[4][rows[0].index("MonthlyCharges")] = "n/a"
    return to_csv(rows)


def test_a_prediction_goes_from_machine_to_machine(
    another_machine, version, with_a_bad_row, user, as_user, do_jobs, settings  # noqa: F811
):  # fmt: skip
    asked = {"member": membership(user), "name": "March", "version": version}
    another_machine()
    with pytest.raises(FileRefused) as refusal:
        start_prediction(**asked, upload=ContentFile(with_a_bad_row, name="march.csv"), at=timezone.now())

    another_machine()
    prediction = start_prediction(**asked, upload=refusal.value.kept, bad_rows="leave_out", at=timezone.now())
    assert stored("waiting/") == []  # it is at its place now, and nowhere else

    another_machine()
    (job,) = do_jobs()
    assert job.error is None, job.error
    assert not any(settings.MEDIA_ROOT.iterdir()) and not any(settings.FILE_UPLOAD_TEMP_DIR.iterdir())

    another_machine()
    page = f"/user/predictions/{prediction.uuid}/"
    assert as_user.get(page).status_code == 200
    prediction = Prediction.objects.get()
    result = b"".join(as_user.get(f"{page}result.csv").streaming_content).decode("utf-8-sig")
    assert len(result.splitlines()) == 1 + 149
    assert b"".join(as_user.get(f"{page}upload").streaming_content) == with_a_bad_row
    assert b"n/a" in b"".join(as_user.get(f"{page}left-out.csv").streaming_content)
    assert b"".join(as_user.get(f"{page}result.xlsx").streaming_content).startswith(b"PK")
    named = set(stored())
    another_machine()
    sweep(at=timezone.now() + timedelta(days=2))
    assert set(stored()) == named


def test_a_retraining_goes_from_machine_to_machine(
    another_machine, retraining, labelled, developer, as_developer, do_jobs  # noqa: F811
):  # fmt: skip
    first = retraining(labelled())
    another_machine()
    do_jobs()

    another_machine()
    checked = check_upload(
        member=membership(developer),
        upload=ContentFile(to_csv(labelled(prefix="M")), name="may.csv"),
        population=telecom_base(),
        at=timezone.now(),
    )
    another_machine()
    second = start_retraining(
        member=membership(developer),
        upload=checked.token,
        reason="Customers of May",
        population=telecom_base(),
        at=timezone.now(),
    )
    another_machine()
    (job,) = do_jobs()
    assert job.error is None, job.error

    another_machine()
    first, second = (TrainingRun.objects.with_related().get(pk=run.pk) for run in (first, second))
    assert second.parent_dataset == first.combined_dataset
    assert len(second.comparison["existing"]) >= 1 and second.comparison["not_compared"] == []
    assert load_scorer(second.version, at=timezone.now()).threshold
    page = f"/dev/datasets/{second.combined_dataset_id}/"
    assert as_developer.get(page).context["is_there"]
    table = b"".join(as_developer.get(f"{page}download").streaming_content)
    assert len(table.splitlines()) == 1 + second.combined_dataset.row_count
    named = set(stored())
    sweep(at=timezone.now() + timedelta(days=2))
    assert set(stored()) == named


def test_a_table_of_its_own_goes_from_machine_to_machine(another_machine, developer, model_types, do_jobs):
    member = membership(developer)
    another_machine()
    seen = look_at_table(member=member, upload=as_file(gym()))

    another_machine()
    choices = suggest(find_seen(seen.token, member=member).inferred)
    checked = check_choices(member=member, token=seen.token, choices=choices, at=timezone.now())

    another_machine()
    run = start_first_training(
        member=member, token=seen.token, base_name="Members", choices=choices,
        model_type="logistic_regression", at=timezone.now(),
    )  # fmt: skip
    assert stored("waiting/") == []
    with pytest.raises(UploadIsGone):
        find_seen(seen.token, member=member)

    another_machine()
    (job,) = do_jobs()
    assert job.error is None, job.error
    run = TrainingRun.objects.with_related().get(pk=run.pk)
    assert run.combined_dataset.row_count == checked.rows
    assert load_scorer(run.version, at=timezone.now()).threshold


def test_erasing_a_company_leaves_no_file_of_it_on_the_server(
    another_machine, done, user, company, operator, django_capture_on_commit_callbacks  # noqa: F811
):  # fmt: skip
    keys = company.pk, str(company.uuid)
    another_machine()
    done(user)
    assert stored()

    another_machine()
    with django_capture_on_commit_callbacks(execute=True):
        erase_company(company=company, typed=company.name, by=operator, at=timezone.now())

    left = [found.name for bucket in BUCKETS for found in objects_under(bucket)]
    assert left and not [name for name in left if any(key in name for key in keys)]
