import csv
import io

import pytest
from django.urls import reverse

from jobs.models import Job
from predictions.models import Prediction

pytestmark = pytest.mark.django_db


def read(answer):
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize(("portal", "client"), [("dev", "as_developer"), ("user", "as_user")])
def test_goes_from_the_form_to_the_downloaded_result(request, portal, client, send, do_jobs, customer_file):
    client = request.getfixturevalue(client)

    answer = send(client, customer_file, portal=portal)

    prediction = Prediction.objects.get()
    page = reverse("predictions:result", args=(portal, prediction.uuid))
    assert (answer.status_code, answer.url) == (302, page)
    assert "Waiting for its turn" in client.get(page).content.decode()

    do_jobs()

    shown = client.get(page).content.decode()
    assert "customers are likely to leave" in shown
    assert "150 rows read and scored" in shown
    result = read(client.get(reverse("predictions:download_csv", args=(portal, prediction.uuid))))
    rows = list(csv.reader(io.StringIO(result.decode())))
    assert rows[0][-3:] == ["prediction", "churn_probability", "risk_tier"]
    assert len(rows) == 151
    original = list(csv.reader(io.StringIO(customer_file.decode())))
    assert [row[:-3] for row in rows] == original


def test_shows_the_form_with_the_best_default_chosen(as_user, default_versions):
    page = as_user.get("/user/predict/").content.decode()

    assert page.count('type="radio"') == 5
    assert page.count("checked") == 1
    assert "Of 100 customers it says will leave" in page


def test_offers_a_sample_that_can_be_predicted(as_user, send, do_jobs):
    sample = as_user.get("/user/predict/sample.csv")

    assert "attachment" in sample.headers["Content-Disposition"]
    send(as_user, sample.content)
    [job] = do_jobs()
    assert job.state == Job.State.SUCCEEDED
    assert Prediction.objects.get().result["rows"] == 200
