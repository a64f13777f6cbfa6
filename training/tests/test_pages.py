import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from core.files.media import media_path
from registry.models import Dataset
from registry.selectors import telecom_base
from training.models import TrainingRun
from training.tests.uploads import to_csv

pytestmark = pytest.mark.django_db

NEW = "/dev/retrain/"


def send(client, content, **fields):
    return client.post(NEW, {"file": SimpleUploadedFile("spring.csv", content), **fields})


@pytest.fixture
def checked_page(as_developer, retraining, labelled):
    """The page that shows what is in a file, before anything starts."""
    answer = send(as_developer, to_csv(labelled()))
    assert answer.status_code == 302, answer.content.decode()
    return as_developer.get(answer.url)


def test_a_file_is_looked_at_before_anything_starts(checked_page):
    page = checked_page.content.decode()

    assert "300 = 300 to learn from" in page
    assert "N-00000" in page
    assert not TrainingRun.objects.exists()


def test_a_reason_starts_it_once_however_often_it_is_sent(checked_page, as_developer):
    form = {name: checked_page.context["form"][name].value() or "" for name in ("kept", "bad_rows", "token")}
    form["reason"] = "New customers of spring"

    first = as_developer.post(NEW, form)

    run = TrainingRun.objects.get()
    assert first.url == reverse("training:run", args=(run.uuid,))
    assert run.reason == "New customers of spring"
    assert as_developer.post(NEW, form).url == first.url
    assert TrainingRun.objects.count() == 1
    assert "Cancel" in as_developer.get(first.url).content.decode()


def test_without_a_reason_the_page_asks_for_one(checked_page, as_developer):
    kept = checked_page.context["form"]["kept"].value()

    answer = as_developer.post(NEW, {"kept": kept, "reason": " "})

    assert answer.status_code == 400
    assert "Say why you retrain." in answer.content.decode()


def test_a_refused_file_can_go_on_without_its_bad_rows(as_developer, retraining, labelled):
    rows = labelled()
    rows[5][rows[0].index("MonthlyCharges")] = "a lot"

    refused = send(as_developer, to_csv(rows))

    assert refused.status_code == 422
    assert "Row 6" in refused.content.decode()
    answer = as_developer.post(NEW, {"kept": refused.context["refusal"].kept, "bad_rows": "leave_out"})
    page = as_developer.get(answer.url).content.decode()
    assert "299 to learn from" in page
    assert "1 left out" in page


def test_the_result_page_says_whether_it_is_better(retrained, labelled, as_developer):
    run = retrained(labelled())

    page = as_developer.get(reverse("training:run", args=(run.uuid,))).content.decode()

    assert run.comparison["sentence"].split(":")[0] in page.replace("&#x27;", "'")
    for text in (
        "F1 (churners)",
        "F1 (weighted)",
        "before calibration",
        "Highest profit",
        "change side",
        "Contract",
    ):
        assert text in page
    assert "style=" not in page
    assert reverse("registry:version", args=("dev", run.version_id)) in page


def test_a_data_set_draws_where_it_comes_from(retrained, labelled, as_developer):
    run = retrained(labelled())

    page = as_developer.get(reverse("training:dataset", args=(run.combined_dataset_id,))).content.decode()

    assert "<svg" in page
    month = f"{timezone.localtime(run.combined_dataset.created_at):%B %Y}"
    combined = f"Telecom customers, {month} (1 upload)"
    for name in ("spring.csv", combined, "Logistic Regression v2", run.parent_dataset.name):
        assert name in page
    # Programs know it by another name, which stands there once.
    assert page.count("combinedDataset1") == 1
    listed = as_developer.get(reverse("training:datasets")).content.decode()
    assert combined in listed and "spring.csv" in listed and "Dataset1" not in listed


def test_a_long_lineage_says_what_it_leaves_out_and_shows_it_on_request(as_developer, company):
    table = None
    for number in range(11):
        table = Dataset.objects.create(
            company=company,
            population=telecom_base(),
            name=f"combinedDataset{number}",
            file_path=f"datasets/{number}.csv",
            is_combined=True,
            parent_dataset=table,
        )
    address = reverse("training:dataset", args=(table.pk,))

    page = as_developer.get(address).content.decode()
    whole = as_developer.get(f"{address}?whole").content.decode()

    assert "3 earlier steps before these are not shown" in page
    assert "(3 uploads)" in page and "(2 uploads)" not in page
    assert "(0 uploads)" in whole and "not shown" not in whole


def test_retrain_is_current_on_its_runs_and_history_on_its_own(as_developer):
    entries = {
        page: as_developer.get(page).context["navigation"]
        for page in ("/dev/retrainings/", "/dev/retrain/", "/dev/predictions/", "/dev/")
    }

    assert [[entry["label"] for entry in found if entry["current"]] for found in entries.values()] == [
        ["Retrain"], ["Retrain"], ["History"], ["Home"],
    ]  # fmt: skip


def test_data_sets_go_out_as_a_spreadsheet_may_open_them(retrained, labelled, as_developer):
    rows = labelled()
    rows[1][rows[0].index("customerID")] = "=cmd|calc"
    run = retrained(rows)
    address = reverse("training:download_dataset", args=(run.upload_dataset_id,))

    safe = as_developer.get(address)
    stored = as_developer.get(f"{address}?as=stored")
    combined = as_developer.get(reverse("training:download_dataset", args=(run.combined_dataset_id,)))

    assert b"".join(safe) == to_csv(rows).replace(b"=cmd|calc", b"'=cmd|calc")
    assert safe.headers["Content-Type"].startswith("text/csv")
    assert b"".join(stored) == to_csv(rows)
    assert stored.headers["Content-Type"] == "application/octet-stream"
    assert b"\n'=cmd|calc," in b"".join(combined)


def test_a_table_that_was_changed_is_not_handed_out(retrained, labelled, as_developer):
    run = retrained(labelled())
    media_path(run.combined_dataset.file_path).write_bytes(to_csv(labelled()))

    answer = as_developer.get(reverse("training:download_dataset", args=(run.combined_dataset_id,)))

    assert answer.status_code == 409


def test_profit_is_calculated_with_the_amounts_of_the_company(retrained, labelled, as_developer):
    run = retrained(labelled())
    address = reverse("training:run", args=(run.uuid,))

    dear = as_developer.get(address, {"value": "100", "cost": "99", "success": "50"}).content.decode()
    part = as_developer.get(address, {"cost": "0"}, headers={"HX-Request": "true"}).content.decode()
    wrong = as_developer.get(address, {"value": "-1"})

    # A contact that costs more than it can bring: the best campaign is none.
    assert dear.count('<td class="num">0</td><td class="num">0</td><td class="num">0</td>') >= 2
    assert "<html" not in part and "Highest profit" in part
    churned = run.comparison["judged"]["churned"]
    # One that costs nothing reaches everybody who leaves.
    assert f'<td class="num">{churned}</td>' in part
    assert wrong.status_code == 200
    assert "errorlist" in wrong.content.decode()


def test_the_home_of_the_developer_says_what_goes_on_and_what_came_of_it(
    retraining, labelled, as_developer, do_jobs
):
    retraining(labelled())

    before = as_developer.get("/dev/").content.decode()
    do_jobs()
    after = as_developer.get("/dev/").content.decode()

    assert "under way: waits for a worker" in before
    assert "under way" not in after
    assert TrainingRun.objects.get().comparison["sentence"].split(":")[0] in after


def test_other_companies_see_nothing_of_it(retrained, labelled, as_stranger, as_user):
    run = retrained(labelled())
    pages = [
        reverse("training:run", args=(run.uuid,)),
        reverse("training:dataset", args=(run.combined_dataset_id,)),
        reverse("training:download_dataset", args=(run.combined_dataset_id,)),
        f"/api/v1/retrainings/{run.uuid}",
        f"/api/v1/datasets/{run.combined_dataset_id}",
    ]

    assert {as_stranger.get(page).status_code for page in pages} == {404}
    assert {as_user.get(page).status_code for page in pages} == {403}


def test_a_program_retrains_and_reads_what_came_of_it(retraining, labelled, as_developer, do_jobs):
    upload = SimpleUploadedFile("spring.csv", to_csv(labelled()))

    made = as_developer.post(
        "/api/v1/retrainings", {"file": upload, "reason": "spring"}, headers={"Idempotency-Key": "one"}
    )
    do_jobs()

    assert made.status_code == 201, made.content
    found = as_developer.get(made.headers["Location"]).json()
    assert (found["state"], found["reason"]) == ("SUCCEEDED", "spring")
    assert found["comparison"]["sentence"]
    listed = as_developer.get("/api/v1/datasets").json()["results"]
    assert {row["kind"] for row in listed} == {"original", "upload", "combined"}
    combined = as_developer.get(f"/api/v1/datasets/{found['combined_dataset']}").json()
    assert combined["made_from"] == [found["parent_dataset"], found["upload_dataset"]]
    assert combined["versions"] == [found["model"]]


def test_the_api_refuses_with_the_sentence_of_the_page(retraining, labelled, as_developer):
    rows = [row for row in labelled() if row[-1] != "Yes"]

    answer = as_developer.post(
        "/api/v1/retrainings", {"file": SimpleUploadedFile("a.csv", to_csv(rows)), "reason": "spring"}
    )

    assert answer.status_code == 422
    assert answer.json()["kind"] == "one_class"
    assert not Dataset.objects.filter(is_uploaded=True).exists()
