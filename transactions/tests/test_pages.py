"""The pages of a purchase log: each calls its service, shows the refusal, and leads on."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from ml.logs.features.catalogue import FEATURE_SETS
from ml.logs.features.wording import LABELS
from registry.models import Dataset
from transactions.forms import FEATURE_SET_CHOICES
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.services.uploads import start_analysis
from transactions.tests.logs import MAPPING, log_file, read_here

pytestmark = pytest.mark.django_db

OPEN_DATES = [f"C{n % 7},{n % 12 + 1:02d}/{n % 11 + 1:02d}/2024,5.00" for n in range(60)]


def page(name, analysis=None, portal="user"):
    return reverse(f"transactions:{name}", args=(portal, *((analysis.pk,) if analysis else ())))


def test_an_upload_leads_to_its_columns(as_user):
    answer = as_user.post(page("new"), {"file": log_file("march.csv"), "name": ""})

    analysis = AnalysisSession.objects.get()
    assert str(analysis) == "march.csv"
    assert (answer.status_code, answer["Location"]) == (302, page("columns", analysis))


def test_a_table_of_customers_is_taken_where_it_belongs_without_being_sent_again(as_developer, company):
    rows = [f"K{n:04d},{n % 60},{n % 9}.50,{('Yes', 'No')[n % 4 > 0]}" for n in range(80)]
    table = ("Customer ID,Tenure,Fee,Churn\n" + "\n".join(rows)).encode()
    as_developer.post(page("new", portal="dev"), {"file": ContentFile(table, name="members.csv")})
    analysis = AnalysisSession.objects.get()
    shown = as_developer.get(page("columns", analysis, "dev"))
    doors = {door.label: door.url for door in shown.context["doors"]}
    assert "This looks like a table of customers" in shown.content.decode()

    address = page("hand_over", analysis, "dev")
    elsewhere = as_developer.post(address, {"to": "https://elsewhere.example.com/"})
    answer = as_developer.post(address, {"to": doors["Bring a table of your own"]})
    there = as_developer.get(answer.url)

    assert elsewhere.status_code == 400
    assert not AnalysisSession.objects.exists() and not Dataset.objects.filter(company=company).exists()
    # Nor is a base left that was made with it.
    assert not company.populations.exists()
    assert "members.csv</bdi> is here already" in there.content.decode()
    kept = there.context["form"]["kept"].value()
    looked = as_developer.post(doors["Bring a table of your own"], {"kept": kept})
    assert as_developer.get(looked.url).context["seen"].inferred.rows == 80


def test_a_log_that_was_read_is_not_handed_over(as_user, read_log):
    came_from = f"http://testserver{page('analysis', read_log)}"
    answer = as_user.post(
        page("hand_over", read_log), {"to": "/user/predict/"}, headers={"referer": came_from}
    )

    assert answer.status_code == 409
    assert f'href="{came_from}">Back to the page before' in answer.content.decode()
    assert AnalysisSession.objects.filter(pk=read_log.pk).exists()


def test_the_home_page_shows_the_latest_logs_and_what_they_wait_for(as_user, as_developer, uploaded):
    for client, portal in ((as_user, "user"), (as_developer, "dev")):
        text = client.get(f"/{portal}/").content.decode()

        assert page("analysis", uploaded, portal) in text
        assert "Waits for its columns" in text


def test_the_home_page_of_a_company_without_logs_says_nothing_of_them(as_user):
    assert page("analyses") not in as_user.get("/user/").content.decode().partition("<main")[2]


def test_the_columns_page_shows_rows_guesses_and_reasons(as_user, uploaded):
    text = as_user.get(page("columns", uploaded)).content.decode()

    assert text.count('<tr><td class="num muted">') == 100
    assert "its name says so" in text
    assert '<option value="bought on" selected>' in text
    assert "commas" in text and "UTF-8" in text


@pytest.mark.parametrize(
    "content, status, said",
    [
        (b"", 422, "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), 415, "not"),
        (b"who,where\nA,B\n", 422, "at least 3"),
    ],
    ids=["empty", "a picture", "two columns"],
)
def test_a_refused_file_is_answered_in_words_and_leaves_nothing(as_user, content, status, said):
    answer = as_user.post(page("new"), {"file": ContentFile(content, name="x.csv")})

    assert answer.status_code == status
    assert "The file was not accepted" in answer.content.decode() and said in answer.content.decode()
    assert not Dataset.objects.exists() and not AnalysisSession.objects.exists()


def test_a_file_beyond_the_limit_is_not_even_read(as_user, settings):
    settings.UPLOAD_MAX_MB = 1

    answer = as_user.post(page("new"), {"file": ContentFile(bytes(2_000_000), name="large.csv")})

    assert answer.status_code == 413
    assert not any(settings.FILE_UPLOAD_TEMP_DIR.iterdir())


def test_confirming_the_columns_starts_the_reading(as_user, uploaded):
    answer = as_user.post(page("columns", uploaded), MAPPING)

    assert answer["Location"] == page("analysis", uploaded)
    text = as_user.get(page("analysis", uploaded)).content.decode()
    assert "hx-trigger" in text and "Cancel" in text
    assert AnalysisSession.objects.get().mapping == MAPPING


def test_a_wrong_mapping_is_told_on_the_page_as_it_was_filled_in(as_user, uploaded):
    answer = as_user.post(page("columns", uploaded), MAPPING | {"amount": "bought on", "event_at": "paid"})

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "The log cannot be read like that" in text and "holds no dates" in text
    assert '<option value="paid" selected>' in text


def test_dates_that_can_be_read_in_two_ways_are_asked_about(as_user, member):
    text = "\n".join(["customer,bought on,paid", *OPEN_DATES])
    upload = ContentFile(text.encode(), name="open.csv")
    analysis = start_analysis(member=member, upload=upload, at=timezone.now())
    mapping = {"customer_id": "customer", "event_at": "bought on", "amount": "paid"}

    assert "In which order do day and month stand?" in as_user.get(page("columns", analysis)).content.decode()
    refused = as_user.post(page("columns", analysis), mapping)
    assert refused.status_code == 422 and "One question is open" in refused.content.decode()

    accepted = as_user.post(page("columns", analysis), mapping | {"date_order": "DMY"})
    assert accepted.status_code == 302


def test_amounts_in_lakhs_are_shown_as_they_are_read(as_user, member):
    rows = [f'C{n % 9},2024-01-{n % 28 + 1:02d},"₹{n % 90 + 10},00,000.50"' for n in range(40)]
    upload = ContentFile("\n".join(["customer,bought on,paid", *rows]).encode(), name="crores.csv")
    analysis = start_analysis(member=member, upload=upload, at=timezone.now())

    text = as_user.get(page("columns", analysis)).content.decode()

    assert "point, as in 1,00,000.50" in text
    assert "₹10,00,000.50" in text and "1000000.5" in text


def test_the_account_of_the_rows_adds_up_on_the_page(as_user, read_log):
    text = as_user.get(page("analysis", read_log)).content.decode()

    rows_in, used = (f"{read_log.import_report[name]:,}" for name in ("rows_in", "accepted"))
    assert f"{rows_in} rows in the file = {used} used + 1 exact duplicate + 2 left out" in text
    assert "No customer" in text and "Download these rows" in text
    rejects = b"".join(as_user.get(page("download_rejects", read_log))).decode("utf-8-sig")
    assert rejects.splitlines()[0].startswith("line,reason,column")


def test_the_file_comes_back_byte_for_byte(as_user, uploaded):
    answer = as_user.get(page("download_raw", uploaded))

    assert b"".join(answer) == log_file(with_faults=True).read()
    assert answer["Content-Type"] == "application/octet-stream"


def test_features_are_computed_and_explained(as_user, read_log, do_jobs):
    answer = as_user.post(page("features", read_log), {"feature_set": "retail_v1", "as_of": ""})
    do_jobs()

    matrix = FeatureMatrix.objects.get()
    text = as_user.get(answer["Location"]).content.decode()
    assert f"{len(matrix.report['features'])} features of 40 customers" in text
    assert "Nothing knows the future" in text
    assert "The log has no column product." in text  # absent, with the reason
    assert "average_order_value" in text and "currency of the log" in text
    assert "Ready" in as_user.get(page("features", read_log)).content.decode()


def test_what_tells_the_outcome_is_ranked(as_user, member, do_jobs):
    log = read_here(start_analysis(member=member, upload=log_file(customers=120), at=timezone.now()))
    # On the day on which a third of the customers leaves, so that enough of both outcomes are known.
    answer = as_user.post(page("features", log), {"feature_set": "rfm_v2", "as_of": "2024-05-30"})
    do_jobs()

    leaks = FeatureMatrix.objects.get().report["leaks"]
    best, second, *_ = sorted(leaks, key=lambda row: (-row["auc"], row["column"]))
    text = as_user.get(answer["Location"]).content.decode()
    best_label, second_label = (LABELS[row["column"]] for row in (best, second))
    assert f"{best_label.capitalize()} and {second_label} tell most by themselves" in text
    assert f'<td class="num">{best["auc"]:.2f}</td>' in text


def test_windows_are_chosen_on_the_page(as_user, read_log, do_jobs):
    assert "Retail with windows" in as_user.get(page("features", read_log)).content.decode()

    answer = as_user.post(page("features", read_log), {"feature_set": "retail_v2", "as_of": ""})
    (job,) = do_jobs()

    assert job.error is None, job.error
    text = as_user.get(answer["Location"]).content.decode()
    assert "overdue_score" in text and "Retail with windows" in text
    assert "Nothing knows the future" in text


def test_every_set_of_the_catalogue_can_be_chosen():
    assert {code for code, _ in FEATURE_SET_CHOICES} == set(FEATURE_SETS)


def test_a_cutoff_before_the_log_is_refused_on_the_page(as_user, read_log):
    answer = as_user.post(page("features", read_log), {"feature_set": "rfm_v2", "as_of": "2020-01-01"})

    assert answer.status_code == 422 and "nothing is known before 2020-01-01" in answer.content.decode()
    assert not FeatureMatrix.objects.exists()


def test_features_of_a_log_that_was_not_read_are_not_there(as_user, uploaded):
    assert as_user.get(page("features", uploaded)).status_code == 404


def test_deleting_asks_for_the_name(as_user, uploaded):
    refused = as_user.post(page("delete", uploaded), {"confirm_name": "no"})
    assert refused.status_code == 422 and "Type log.csv to confirm" in refused.content.decode()

    for _ in ("first", "second of two clicks"):
        answer = as_user.post(page("delete", uploaded), {"confirm_name": "log.csv"}, follow=True)
        assert answer.redirect_chain == [(page("analyses"), 302)]
        assert "“log.csv” was deleted, with everything that was made of it." in answer.content.decode()
        assert not AnalysisSession.objects.exists()


def test_the_list_teaches_while_it_is_empty_and_shows_how_each_log_stands(as_user, member):
    assert "No purchase log yet" in as_user.get(page("analyses")).content.decode()

    start_analysis(member=member, upload=log_file("march.csv"), at=timezone.now())

    text = as_user.get(page("analyses")).content.decode()
    assert "march.csv" in text and "Waits for its columns" in text


def test_a_developer_sees_the_logs_of_the_users(as_developer, uploaded):
    assert "log.csv" in as_developer.get(page("analyses", portal="dev")).content.decode()
