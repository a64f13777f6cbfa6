"""The day from which the dates of a file are counted back: stated, or the latest of the file; always said."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from predictions.models import Prediction
from predictions.selectors import open_table
from predictions.services.runs import DayRefused
from predictions.tests.factories import NOON
from registry.selectors import telecom_base
from registry.tests.own_bases import own_base, own_csv, own_rows

pytestmark = pytest.mark.django_db

# After the latest date of `own_rows`, and so another day than files have by themselves.
STATED = date(2024, 3, 31)


@pytest.fixture
def champion(company, version):
    return own_base(company)[1]


def content(rows=None):
    return own_csv(rows, with_outcome=False)


def chances(prediction):
    return {row["_customer"]: row["_probability"] for row in open_table(prediction)[0:400]}


def page_of(client, prediction, portal="user"):
    return client.get(reverse("predictions:result", args=(portal, prediction.uuid))).content.decode()


def test_of_one_day_a_part_of_a_list_scores_as_the_whole(done, user, champion):
    rows = own_rows()

    whole = chances(done(user, content(rows), model=champion, as_of=STATED))
    otherwise = chances(done(user, content(rows), model=champion))
    for part in (rows[100:140], rows[7:8]):
        found = chances(done(user, content(part), model=champion, as_of=STATED))
        assert len(found) == len(part)
        assert all(abs(found[who] - whole[who]) < 1e-12 for who in found)

    assert any(abs(otherwise[who] - whole[who]) > 1e-3 for who in whole)


def test_the_page_asks_for_the_day_and_its_result_says_it(as_user, send, do_jobs, champion):
    form = as_user.get(f"/user/predict/?base={champion.population.uuid}").content.decode()
    send(as_user, content(), model=champion, as_of="2024-03-31")
    do_jobs()

    prediction = Prediction.objects.get()
    shown = page_of(as_user, prediction)
    download = as_user.get(reverse("predictions:download_csv", args=("user", prediction.uuid)))
    assert '<input type="date" name="as_of"' in form and "If empty, the latest date in the file" in form
    assert prediction.as_of == STATED
    assert 'As of <time datetime="2024-03-31">31 Mar 2024</time>.' in shown
    assert "Dates are counted back from 31 Mar 2024, the day that was stated." in shown
    assert 'filename="march-base-as-of-2024-03-31-result.csv"' in download["Content-Disposition"]


def test_the_day_of_the_file_is_said_as_well(as_user, user, done, champion):
    prediction = done(user, content(), model=champion)

    dates = [date(*map(int, reversed(row[4].split(".")))) for row in own_rows() if row[4]]
    assert prediction.as_of == max(dates)
    assert f'As of <time datetime="{max(dates)}">' in page_of(as_user, prediction)


def test_the_day_is_kept_where_bad_rows_are_left_out(as_user, send, do_jobs, champion):
    rows = own_rows(60)
    rows[3][4] = "yesterday"
    refused = send(as_user, content(rows), model=champion, as_of="2024-03-31")

    refusal = refused.context["refusal"]
    sent = {name: value or "" for name, value in refused.context["again"].items()}
    as_user.post(
        reverse("predictions:new", args=("user",)), {**sent, "kept": refusal.kept, "bad_rows": "leave_out"}
    )
    do_jobs()

    prediction = Prediction.objects.get()
    assert (prediction.as_of, prediction.result["rows"]) == (STATED, 59)


def test_customers_without_dates_are_asked_for_no_day(as_user, user, predict, version):
    page = as_user.get(f"/user/predict/?base={telecom_base().uuid}").content.decode()

    assert "as_of" not in page
    with pytest.raises(DayRefused, match="no column of dates"):
        predict(user, as_of=STATED)
    assert not Prediction.objects.exists()


def test_a_day_in_the_future_is_refused(predict, user, champion):
    with pytest.raises(DayRefused, match="lies in the future"):
        predict(user, content(), model=champion, as_of=date(NOON.year + 3, 1, 1))

    assert not Prediction.objects.exists()


def test_a_program_states_the_day_and_is_told_it(as_user, do_jobs, champion):
    runs = "/api/v1/prediction-runs"
    sent = {"name": "One", "model": champion.pk, "as_of": "2024-03-31"}
    upload = SimpleUploadedFile("one.csv", content(own_rows()[:1]))

    run = as_user.post(runs, {**sent, "file": upload}).json()
    refused = as_user.post(runs, {**sent, "as_of": "March", "file": upload})
    do_jobs()

    answer = as_user.get(f"{runs}/{run['id']}").json()
    result = as_user.get(answer["result_url"])
    assert (answer["as_of"], answer["summary"]["rows"]) == ("2024-03-31", 1)
    assert 'filename="one-as-of-2024-03-31-result.csv"' in result["Content-Disposition"]
    assert refused.status_code == 400


def test_the_command_takes_the_day_and_says_it(user, company, champion, tmp_path, capsys):
    source = tmp_path / "april.csv"
    source.write_bytes(content())
    options = {"company": company.pk, "model": str(champion), "base": "Shops"}

    call_command("predict", str(source), "--as-of", "2024-03-31", **options)

    assert Prediction.objects.get().as_of == STATED
    assert "As of 31 Mar 2024." in capsys.readouterr().out
    with pytest.raises(CommandError, match="argument --as-of"):
        call_command("predict", str(source), "--as-of", "March", **options)
