"""A table of the company's own on pages: from the file to its first training, by suggestion or otherwise."""

import html
import io
import re

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from jobs.orders import request_cancel
from registry.models import Population
from registry.tests.factories import ModelVersionFactory
from training.models import TrainingRun
from training.tests.own import gym, with_column, without
from training.tests.uploads import to_csv

pytestmark = pytest.mark.django_db

NEW = "/dev/bases/new/"


def words(response):
    text = html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))
    return re.sub(r"\s+", " ", text)


def send(client, content, name="gym.csv"):
    return client.post(NEW, {"file": SimpleUploadedFile(name, content)})


def as_sent(form):
    """Return what a browser sends of a page whose form nobody touched."""
    sent = {}
    for bound in form:
        value = bound.value()
        if value not in (None, "", False):
            sent[bound.html_name] = "on" if value is True else value
    return sent


@pytest.fixture
def columns_page(as_developer):
    """Return a function that sends a table and opens the page of its columns."""

    def open_page(table, name="gym.csv"):
        answer = send(as_developer, to_csv(table), name)
        assert answer.status_code == 302, words(answer)
        return as_developer.get(answer.url)

    return open_page


@pytest.fixture
def train_page(as_developer, columns_page, model_types):
    """Return a function that goes on to the last page, with what is suggested but for `changes`."""

    def open_page(table, **changes):
        page = columns_page(table)
        sent = as_sent(page.context["form"]) | changes
        answer = as_developer.post(page.wsgi_request.get_full_path(), sent)
        assert answer.status_code == 302, words(answer)
        return as_developer.get(answer.url)

    return open_page


def train(client, page, **changes):
    return client.post(page.wsgi_request.get_full_path(), as_sent(page.context["form"]) | changes)


def place_of(page, column):
    return next(row["seen"].place for row in page.context["columns"] if row["seen"].column.name == column)


# --- The file --------------------------------------------------------------------------------------------


def test_the_sample_goes_from_upload_to_training_by_suggestion_alone(as_developer, model_types):
    sample = as_developer.get(f"{NEW}sample.csv")

    columns = as_developer.get(send(as_developer, sample.content, "sample-members.csv").url)
    checked = as_developer.post(columns.wsgi_request.get_full_path(), as_sent(columns.context["form"]))
    page = as_developer.get(checked.url)
    begun = train(as_developer, page)

    assert page.context["checked"].leaks == ()
    run = TrainingRun.objects.get()
    assert begun.url == reverse("training:run", args=(run.uuid,))
    assert (run.population.name, run.model_type.slug) == ("Sample members", "lightgbm")
    assert run.population.roles == {"id": "Member no.", "outcome": "Left", "left": "yes"}


def test_a_workbook_is_looked_at_like_a_csv_file(as_developer):
    book = openpyxl.Workbook()
    for row in gym(80):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)

    page = as_developer.get(send(as_developer, content.getvalue(), "gym.xlsx").url)

    assert "80 rows, 7 columns" in words(page)


def test_a_purchase_log_is_led_on_to_purchases(as_developer):
    lines = ["customer_id,event_date,amount,event_type"]
    lines += [f"C{n % 40},2026-0{1 + n % 9}-1{n % 8},{n % 50 + 1}.50,purchase" for n in range(400)]

    answer = send(as_developer, "\n".join(lines).encode(), "log.csv")

    assert answer.status_code == 422
    assert 'action="/dev/logs/new/"' in answer.content.decode()
    sent = {"kept": answer.context["refusal"].kept}
    assert re.fullmatch("/dev/logs/[0-9a-f-]+/columns/", as_developer.post("/dev/logs/new/", sent).url)


def test_a_table_that_was_refused_elsewhere_is_looked_at_with_one_click(as_developer, model_types):
    table = SimpleUploadedFile("gym.csv", to_csv(gym()))
    refused = as_developer.post("/dev/retrain/", {"file": table})

    answer = as_developer.post(NEW, {"kept": refused.context["refusal"].kept})

    assert refused.status_code == 422 and "Bring a table of your own" in words(refused)
    seen = as_developer.get(answer.url).context["seen"]
    assert (seen.name, seen.inferred.rows) == ("gym.csv", 400)


@pytest.mark.parametrize(("content", "status"), [(b"", 422), (b"\x89PNG\r\n\x1a\n" + bytes(400), 415)])
def test_what_is_no_table_is_refused_and_nothing_is_left(as_developer, settings, content, status):
    answer = send(as_developer, content)

    assert answer.status_code == status and "The file was not accepted" in words(answer)
    assert not [path for path in settings.FILE_UPLOAD_TEMP_DIR.rglob("*") if path.is_file()]


# --- Its columns -----------------------------------------------------------------------------------------


def test_each_column_stands_there_with_type_reason_and_values(columns_page):
    page = columns_page(gym())

    told = words(page)
    assert "'Member no' tells the customers apart" in told
    assert "gone" in told and "Its two values, 'no' and 'yes', say no and yes." in told
    assert page.context["form"].initial["name"] == "Gym"
    assert [row["seen"].column.name for row in page.context["columns"]][:2] == ["Member no", "Plan"]


def test_columns_with_a_question_come_first_and_are_left_out_until_somebody_answers(columns_page):
    page = columns_page(with_column(gym(), "Cancellation reason", lambda row: row["Plan"]))

    first = page.context["columns"][0]
    assert first["seen"].column.name == "Cancellation reason" and not first["use"].value()
    assert "Is 'Cancellation reason' known of customers who are still with you?" in words(page)


def test_who_left_has_to_be_said_where_no_name_says_it(as_developer, columns_page):
    table = without(gym(), "Left")
    table = with_column(table, "Result", lambda row: "a" if row["Visits"] > "2" else "b")
    page = columns_page([[*row[:-2], row[-1], row[-2]] for row in table])

    answer = as_developer.post(page.wsgi_request.get_full_path(), as_sent(page.context["form"]))

    assert answer.status_code == 400
    assert "Choose the column and the value that say who left." in words(answer)


def test_another_value_may_mean_left(train_page, columns_page):
    table = gym(200)
    here = dict(columns_page(table).context["form"].fields["who_left"].choices)["Left"][0]

    page = train_page(table, who_left=here[0])

    left = sum(row[-1] == "here" for row in table[1:])
    assert "here" in here[1] and f"of whom {left} left" in words(page)


def test_what_cannot_be_learned_from_is_refused_at_its_column(as_developer, columns_page):
    page = columns_page(with_column(gym(), "Shop", lambda row: "Main street"))
    place = place_of(page, "Shop")

    answer = as_developer.post(
        page.wsgi_request.get_full_path(), as_sent(page.context["form"]) | {f"use-{place}": "on"}
    )

    assert answer.status_code == 422
    assert "a model cannot learn from it as constant" in words(answer)
    assert answer.context["form"].errors[f"kind-{place}"]


def test_dates_of_which_the_order_is_open_are_asked_for(as_developer, columns_page, train_page):
    table = with_column(
        without(gym(), "Joined"),
        "Renewed",
        lambda row: f"0{1 + len(row['Plan']) % 9}/0{1 + len(row['Fee'])}/2025",
    )
    page = columns_page(table)
    place = place_of(page, "Renewed")

    refused = as_developer.post(page.wsgi_request.get_full_path(), as_sent(page.context["form"]))
    answered = train_page(table, **{f"order-{place}": "DMY"})

    assert refused.status_code == 422 and refused.context["form"].errors[f"order-{place}"]
    assert answered.status_code == 200


def test_rows_that_cannot_be_read_can_be_left_out(as_developer, columns_page, model_types):
    table = gym()
    table[5][-1] = ""
    page = columns_page(table)
    sent = as_sent(page.context["form"])

    refused = as_developer.post(page.wsgi_request.get_full_path(), sent)
    rows = as_developer.get(f"{NEW}refused-rows.csv?kept={page.context['seen'].token}")
    going_on = as_developer.post(page.wsgi_request.get_full_path(), sent | {"bad_rows": "leave_out"})

    assert refused.status_code == 422 and "Leave this row out and go on" in words(refused)
    assert rows.status_code == 200
    assert "399 customers can be learned from" in words(as_developer.get(going_on.url))


def test_the_columns_can_be_looked_at_again_as_they_were_described(as_developer, columns_page, train_page):
    table = gym()
    place = place_of(columns_page(table), "Newsletter")

    checked = train_page(table, **{f"use-{place}": "", "name": "Our gym"})
    back = as_developer.get(
        re.search(r'href="(/dev/bases/new/columns/[^"]+)"', checked.content.decode())[1].replace("&amp;", "&")
    )

    assert not back.context["form"][f"use-{place}"].value()
    assert back.context["form"]["name"].value() == "Our gym"


def test_a_column_without_a_name_cannot_be_ticked_and_stops_nobody(columns_page, train_page):
    table = with_column(gym(), "", lambda row: row["Plan"])

    page, checked = columns_page(table), train_page(table)

    nameless = next(row for row in page.context["columns"] if row["seen"].column.nameless)
    assert not nameless["use"].value() and nameless["use"].field.disabled
    assert "give it one and upload again" in words(page)
    assert "400 customers can be learned from" in words(checked)


def test_what_follows_without_ids_is_said_before_the_first_training(train_page):
    page = train_page(without(gym(), "Member no"))

    shown = words(page)
    assert "Next month nobody will be found again" in shown
    assert "Choose the column that names them" in shown
    assert "nobody will be found again" not in words(train_page(gym()))


def test_the_suggested_name_fits_however_long_that_of_the_file_is(columns_page):
    page = columns_page(gym(60), name="members of the club " * 11 + ".csv")

    assert len(page.context["form"]["name"].value()) <= 120


def test_a_table_that_fits_telecom_is_welcome_and_told_of_the_ready_models(columns_page, labelled):
    ModelVersionFactory(default=True)

    page = columns_page(labelled())

    assert "has the columns of Telecom customers , for whom models are trained already" in words(page)
    telecom = Population.objects.get(company=None)
    assert f'/dev/predict/?base={telecom.uuid}"' in page.content.decode()


def test_a_file_of_customers_who_have_a_model_is_led_there(columns_page, first_trained):
    base = first_trained(gym(), base_name="Gym").population
    predict, retrain = f'/dev/predict/?base={base.uuid}"', f'/dev/retrain/?base={base.uuid}"'

    with_outcome = columns_page(gym(60, seed=2)).content.decode()
    without_it = columns_page(without(gym(60, seed=2), "Left")).content.decode()
    other = columns_page(without(gym(60, seed=2), "Fee")).content.decode()

    assert (predict in with_outcome, retrain in with_outcome) == (True, True)
    assert (predict in without_it, retrain in without_it) == (True, False)
    assert (predict in other, retrain in other) == (False, False)


def test_a_table_of_which_no_column_can_say_who_left_says_so(columns_page):
    amounts = [[f"M{n}", f"{n}.5", f"{3 * n}.25"] for n in range(60)]
    table = [["Member no", "Fee", "Paid"], *amounts]

    page = words(columns_page(table))

    assert "No column says who left" in page and "choose the file again" in page


@pytest.mark.parametrize(("rows", "said"), [(1, "The file has 1 row;"), (29, "The file has 29 rows;")])
def test_too_few_rows_are_said_before_anything_is_asked(rows, said, as_developer):
    answer = send(as_developer, to_csv(gym(rows)))

    assert answer.status_code == 422
    assert f"{said} a model learns from at least 30 customers" in words(answer)


def test_nobody_else_opens_what_was_sent(as_stranger, columns_page):
    page = columns_page(gym(60))

    assert as_stranger.get(page.wsgi_request.get_full_path()).status_code == 410


# --- Checked, and learned from ---------------------------------------------------------------------------


def telling(row):
    return "9" if row["Left"] == "gone" else "1"


def test_a_column_that_tells_all_is_left_out_unless_somebody_keeps_it(as_developer, train_page):
    page = train_page(with_column(gym(), "Mailbox", telling))

    assert "'Mailbox' alone tells nearly all who left" in words(page)
    train(as_developer, page)

    base = Population.objects.get(company__isnull=False)
    assert "Mailbox" not in base.features.features


def test_who_keeps_it_has_said_so(as_developer, train_page):
    page = train_page(with_column(gym(), "Mailbox", telling))
    place = [leak.column for leak in page.context["checked"].leaks].index("Mailbox")

    train(as_developer, page, **{f"leak-{place}": "keep"})

    base = Population.objects.get(company__isnull=False)
    assert "Mailbox" in base.features.features
    assert base.definition["kept_leaks"][0]["column"] == "Mailbox"


def test_any_type_and_the_value_of_a_customer_can_be_chosen(as_developer, train_page):
    page = train_page(gym())

    assert len(page.context["form"].offered) == 8 + 1  # and the best of several
    train(as_developer, page, model_type="decision_tree", value_column="Fee", currency="EUR")

    run = TrainingRun.objects.get()
    assert run.model_type.slug == "decision_tree"
    assert (run.population.value_column, run.population.currency) == ("Fee", "EUR")


def test_each_type_says_before_it_is_chosen_how_long_it_trains(train_page):
    page = words(train_page(gym()))

    assert page.count("Trains fast.") == 2
    assert page.count("Takes 10 to 20 times as long to train as a fast one.") == 2


def test_sent_twice_it_is_one_base_and_one_training(as_developer, train_page):
    page = train_page(gym())
    sent = as_sent(page.context["form"])

    first, second = (as_developer.post(page.wsgi_request.get_full_path(), sent) for _ in range(2))

    assert first.url == second.url
    assert TrainingRun.objects.count() == Population.objects.filter(company__isnull=False).count() == 1


def test_who_comes_back_to_the_page_of_a_used_file_is_led_to_its_training(as_developer, train_page):
    page = train_page(gym())
    begun = train(as_developer, page)
    address = page.wsgi_request.get_full_path()

    again = [as_developer.get(at) for at in (address, address.replace("/train/", "/columns/"))]

    assert [answer.url for answer in again] == [begun.url] * 2


def test_of_a_used_file_nobody_else_learns_what_it_began(as_developer, as_stranger, train_page):
    page = train_page(gym())
    train(as_developer, page)

    assert as_stranger.get(page.wsgi_request.get_full_path()).status_code == 410


def test_a_name_that_is_taken_is_said_and_nothing_is_begun(as_developer, train_page, company):
    train(as_developer, train_page(gym(), name="Gym"))

    answer = train(as_developer, train_page(gym(), name="gym"))

    assert answer.status_code == 409 and "There is a customer base called gym" in words(answer)
    assert TrainingRun.objects.count() == 1


def test_a_page_that_was_left_for_too_long_says_so(as_developer):
    for step in ("columns", "train"):
        answer = as_developer.get(f"{NEW}{step}/?kept=nonsense")

        assert answer.status_code == 410 and "Please choose it again" in words(answer)


def test_a_training_that_was_cancelled_leaves_the_name_to_the_next_one(as_developer, train_page):
    begun = train(as_developer, train_page(gym()))
    run = TrainingRun.objects.get()
    assert "Watch the training" in words(as_developer.get("/dev/bases/"))
    request_cancel(job=run.job, by=run.developer.account, at=timezone.now())
    ended = as_developer.get(begun.url)

    assert "Bring the table again" in words(ended)
    assert "See what happened" in words(as_developer.get("/dev/bases/"))
    again = train(as_developer, train_page(without(gym(), "Fee")))

    assert again.status_code == 302 and TrainingRun.objects.count() == 2
    base = Population.objects.get(company__isnull=False)
    assert base.name == "Gym" and "Fee" not in base.features.features


# --- The model, and the next month -----------------------------------------------------------------------


@pytest.fixture
def trained(first_trained):
    return first_trained(gym(), base_name="Gym")


def test_a_first_model_is_told_by_itself(as_developer, trained):
    page = words(as_developer.get(reverse("training:run", args=(trained.uuid,))))

    assert f"Customer bases / {trained.population} / " in page
    assert "Logistic Regression v1: the first of these customers" in page
    assert re.search(r"\d+ in 100 precision \(churners\); picked at random", page)
    assert "Deploy Logistic Regression v1" in page and "In both" not in page


def test_newer_customers_of_a_base_need_its_columns_and_may_train_another_type(as_developer, trained):
    address = f"/dev/retrain/?base={trained.population.uuid}"
    file = SimpleUploadedFile("june.csv", to_csv(gym(200, seed=2, start=400)))

    offered = as_developer.get(address)
    checked = as_developer.get(as_developer.post(address, {"file": file}).url)
    sent = as_sent(checked.context["form"]) | {"reason": "June", "model_type": "decision_tree"}
    as_developer.post(address, sent)

    assert "Newsletter" in words(offered) and "InternetService" not in words(offered)
    assert f"/dev/bases/{trained.population.uuid}/template.csv?for=train" in offered.content.decode()
    assert checked.context["form"]["model_type"].value() == "logistic_regression"  # as last time
    run = TrainingRun.objects.exclude(pk=trained.pk).get()
    assert (run.population, run.model_type.slug) == (trained.population, "decision_tree")


def test_the_customers_of_another_company_cannot_be_named(as_stranger, trained):
    assert as_stranger.get(f"/dev/retrain/?base={trained.population.uuid}").status_code == 404
    assert as_stranger.get("/dev/retrain/?base=nonsense").status_code == 404
