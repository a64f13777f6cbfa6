import re
import uuid

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from companies.identity import membership
from core.files.media import media_path, readable_path
from core.tests.races import at_once
from intake.services.checking import FileRefused
from intake.services.stored import rejects_of
from intake.services.waiting import UploadIsGone, find_kept, waiting_room
from jobs.models import Job
from predictions.models import Prediction
from predictions.services.runs import NameMissing, VersionNotOffered, start_prediction
from predictions.tests.conftest import to_csv
from predictions.tests.factories import NOON, PredictionFactory
from registry.tests.factories import ModelVersionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def with_bad_rows(customers):
    """Return 150 customers of whom two have no number where one belongs, and the lines of those."""
    rows = [list(row) for row in customers]
    place = rows[0].index("MonthlyCharges")
    rows[4][place], rows[9][place] = "n/a", "cheap"
    return to_csv(rows)


def test_writes_run_and_job_and_keeps_the_file_under_a_name_of_its_own(predict, user, company, customer_file):
    prediction = predict(user, filename="../../etc/passwd.csv")

    folder, _, name = prediction.upload_dataset_path.rpartition("/")
    assert folder == f"datasets/user/uploadToPredict/{company.pk}"
    assert uuid.UUID(name.removesuffix(".csv"))
    assert media_path(prediction.upload_dataset_path).read_bytes() == customer_file
    assert (prediction.user.account, prediction.developer) == (user, None)
    assert prediction.original_filename == "passwd.csv"
    assert prediction.job.state == Job.State.QUEUED


def test_keeps_a_developers_file_apart(predict, developer, company):
    prediction = predict(developer)

    assert prediction.upload_dataset_path.startswith(f"datasets/dev/uploadToPredict/{company.pk}/")
    assert (prediction.user, prediction.developer.account) == (None, developer)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "empty_file", 422),
        (b"customerID,tenure\n1,2\n", "missing_columns", 422),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "type_mismatch", 415),
    ],
)
def test_a_refused_file_leaves_nothing_but_what_can_be_sent_on(
    predict, user, media_files, content, kind, status
):
    with pytest.raises(FileRefused) as refusal:
        predict(user, content)

    assert (refusal.value.code, refusal.value.http_status) == (kind, status)
    assert not Prediction.objects.exists()
    assert not Job.objects.exists()
    # A table of other customers is kept to be sent on to where it belongs.
    kept = [find_kept(refusal.value.kept, member=membership(user)).path] if refusal.value.kept else []
    assert media_files() == kept
    assert bool(kept) == (kind == "missing_columns")


def test_says_where_the_first_mistake_is_and_how_many_there_are(predict, user, with_bad_rows):
    with pytest.raises(FileRefused) as refusal:
        predict(user, with_bad_rows)

    said = refusal.value.as_dict()
    assert (said["kind"], said["line"], said["column"], said["rejected"]) == (
        "bad_number",
        5,
        "MonthlyCharges",
        2,
    )
    assert "n/a" in said["message"]


def test_a_kept_file_goes_on_without_its_bad_rows(predict, user, with_bad_rows, version):
    member = membership(user)
    with pytest.raises(FileRefused) as refusal:
        predict(user, with_bad_rows)

    prediction = start_prediction(
        member=member,
        name="March base",
        version=version,
        upload=find_kept(refusal.value.kept, member=member),
        bad_rows="leave_out",
        at=NOON,
    )

    read = prediction.input_data
    assert (read["rows_in"], read["accepted"], read["rejected"]) == (150, 148, 2)
    left_out = media_path(rejects_of(prediction.upload_dataset_path)).read_text()
    assert "n/a" in left_out and "cheap" in left_out
    assert list(waiting_room().iterdir()) == []


def test_a_kept_file_is_found_by_its_owner_only(predict, user, developer, with_bad_rows):
    with pytest.raises(FileRefused) as refusal:
        predict(user, with_bad_rows)

    with pytest.raises(UploadIsGone):
        find_kept(refusal.value.kept, member=membership(developer))
    with pytest.raises(UploadIsGone):
        find_kept("no-such-token", member=membership(user))


def test_two_sends_of_one_form_start_one_job(predict, user, media_files):
    first = predict(user, idempotency_key="form-1")
    files_before = media_files()

    second = predict(user, idempotency_key="form-1", name="Sent again")

    assert second == first
    assert Job.objects.count() == Prediction.objects.count() == 1
    assert media_files() == files_before


def test_the_second_send_of_a_kept_file_finds_the_run_of_the_first(as_user, send, with_bad_rows, media_files):
    refused = send(as_user, with_bad_rows, token=str(uuid.uuid4())).content.decode()
    offer = refused[refused.index('<form class="row"') : refused.index("Leave these 2 rows out")]
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', offer))

    first, second = (as_user.post("/user/predict/", form) for _ in range(2))

    assert (first.status_code, second.status_code) == (302, 302)
    assert first.url == second.url
    assert Prediction.objects.count() == 1
    assert len(media_files()) == 2  # the upload and the rows that were left out


def test_the_rows_of_a_refusal_are_sent_to_its_owner_only(as_user, as_developer, send, with_bad_rows):
    kept = send(as_user, with_bad_rows).context["refusal"].kept

    answer = as_user.get("/user/predict/refused-rows.csv", {"kept": kept})
    rows = b"".join(answer.streaming_content).decode()

    assert answer.headers["Content-Disposition"] == 'attachment; filename="march-refused-rows.csv"'
    assert "n/a" in rows and "cheap" in rows
    assert as_developer.get("/dev/predict/refused-rows.csv", {"kept": kept}).status_code == 410


def test_a_second_send_does_not_read_its_file(predict, user):
    first = predict(user, idempotency_key="form-1")

    assert predict(user, b"no table at all", idempotency_key="form-1") == first


def test_the_same_token_of_another_person_is_another_form(predict, user, developer):
    assert predict(user, idempotency_key="form-1") != predict(developer, idempotency_key="form-1")


def test_a_version_of_another_company_does_not_exist(predict, user, other_company):
    foreign = ModelVersionFactory(company=other_company)

    with pytest.raises(VersionNotOffered):
        predict(user, model=foreign)


@pytest.mark.parametrize("name", ["", "   ", "x" * 256])
def test_wants_a_name_that_fits(predict, user, name):
    with pytest.raises(NameMissing):
        predict(user, name=name)


def test_refuses_a_file_above_the_limit_and_leaves_nothing(
    predict, user, settings, media_files, customer_file
):
    settings.UPLOAD_MAX_MB = 1

    with pytest.raises(FileRefused) as refusal:
        predict(user, customer_file * 100)

    assert (refusal.value.code, refusal.value.http_status) == ("too_large", 413)
    assert media_files() == []


@pytest.mark.parametrize("people", [{"user": None}, {"by_developer": True, "with_user": True}])
def test_the_database_refuses_a_run_by_nobody_and_by_two(people, developer, user):
    owners = {"user": None, "developer": None}
    if people.pop("with_user", False):
        owners = {"user": user.user, "developer": developer.developer}

    with pytest.raises(IntegrityError), transaction.atomic():
        made = PredictionFactory.build(model=None, user=None, job=None, company=developer.developer.company)
        made.user, made.developer = owners["user"], owners["developer"]
        made.model, made.job = PredictionFactory().model, Job.objects.create(task="x", queued_at=NOON)
        made.save()


@pytest.mark.django_db(transaction=True)
def test_two_sends_in_the_same_moment_start_one_job(user, version, customer_file, media_files):
    def send():
        return start_prediction(
            member=membership(type(user).objects.get(pk=user.pk)), name="Twice", version=version,
            upload=ContentFile(customer_file, name="a.csv"), idempotency_key="form-1", at=NOON,
        )  # fmt: skip

    first, second = at_once(send, send)

    assert first == second
    assert Job.objects.count() == 1
    assert len(media_files()) == 1


def test_letters_that_cannot_be_recognised_are_asked_about_and_read_as_was_said(
    as_user, send, do_jobs, customers, version
):
    named = [[f"\u738b\u4f1f-{place}", *row[1:]] for place, row in enumerate(customers[1:])]
    chinese = to_csv([customers[0], *named]).decode().encode("gb18030")
    refused = send(as_user, chinese)
    assert refused.status_code == 422 and not Prediction.objects.exists()
    refusal = refused.context["refusal"]
    assert "\u738b\u4f1f-0, \u738b\u4f1f-1" in refused.content.decode()

    again = {name: value or "" for name, value in refused.context["again"].items()}
    sent = as_user.post("/user/predict/", {**again, "kept": refusal.kept, "encoding": "gb18030"})
    do_jobs()

    prediction = Prediction.objects.get()
    assert sent.url == f"/user/predictions/{prediction.uuid}/"
    result = readable_path(prediction.result_dataset_path).read_text(encoding="utf-8-sig").splitlines()
    assert [line.partition(",")[0] for line in result[1:]] == [row[0] for row in named]
    assert "written in Chinese, simplified (GBK)" in as_user.get(sent.url).content.decode()
