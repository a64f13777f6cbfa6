import csv
import io
import re

import pytest
from django.urls import reverse

from companies.services.people import deactivate_account
from jobs.models import Job
from predictions.models import Prediction
from predictions.tests.factories import NOON
from registry.selectors import best_default, telecom_base
from registry.services.deployments import deploy_version
from registry.tests.factories import ModelMetricsFactory, ModelVersionFactory

pytestmark = pytest.mark.django_db


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


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
    assert "customers are named, from a probability of" in shown
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
    assert "Of 100 customers that it named when it was tried" in page


def test_figures_are_for_developers(as_user, as_developer, default_versions):
    assert "AUC" not in as_user.get("/user/predict/").content.decode()
    assert "AUC 0." in as_developer.get("/dev/predict/").content.decode()


@pytest.fixture
def deploy(company, developer):
    def run(version, role="CHAMPION"):
        deploy_version(
            version=version, company=company, role=role, by=developer, reason="It is better.", at=NOON
        )

    return run


def chosen(client, portal):
    page = client.get(f"/{portal}/predict/")
    assert page.content.decode().count("Suggested") == page.content.decode().count("checked") == 1
    return page.context["form"]["model"].initial


def test_every_page_suggests_the_same_version(as_developer, as_user, company, default_versions, deploy):
    champion, later = ModelVersionFactory(company=company), ModelVersionFactory(company=company)
    ModelMetricsFactory(model=champion)
    assert chosen(as_user, "user") == chosen(as_developer, "dev") == best_default(telecom_base())

    deploy(champion)
    deploy(later, "ALTERNATIVE")

    assert chosen(as_user, "user") == chosen(as_developer, "dev") == champion
    for client, portal in ((as_user, "user"), (as_developer, "dev")):
        (telecom,) = client.get(f"/{portal}/models/").context["groups"]
        assert telecom["champion"] == champion
    assert f"{champion} is suggested to whoever predicts" in text_of(as_developer.get("/dev/"))


def test_goes_on_suggesting_the_champion_when_the_developer_left(
    as_user, company, developer, default_versions, deploy
):
    champion = ModelVersionFactory(company=company)
    deploy(champion)

    deactivate_account(account=developer, by=developer, at=NOON)

    assert chosen(as_user, "user") == champion


def test_offers_a_sample_that_can_be_predicted(as_user, send, do_jobs):
    sample = as_user.get("/user/predict/sample.csv")

    assert "attachment" in sample.headers["Content-Disposition"]
    send(as_user, sample.content)
    [job] = do_jobs()
    assert job.state == Job.State.SUCCEEDED
    assert Prediction.objects.get().result["rows"] == 200


def test_a_purchase_log_is_recognised_and_led_to_where_it_belongs(as_user, send):
    days = [f"2026-0{1 + number % 6}-1{number % 9}" for number in range(120)]
    rows = [f"C{number % 12},{day},{10 + number}.50" for number, day in enumerate(days)]

    answer = send(as_user, "\n".join(["customer,order_date,amount", *rows]).encode())

    assert answer.status_code == 422
    assert "this is a purchase log" in text_of(answer)
    form = answer.content.decode().partition(f'action="{reverse("transactions:new", args=("user",))}"')[2]
    assert "Add it as a purchase log" in form.partition("</form>")[0]


def test_a_table_that_misses_columns_is_told_which(as_user, send):
    answer = send(as_user, b"customerID,tenure\n1,2\n2,3\n")

    assert "Contract" in text_of(answer)
    assert "this is a purchase log" not in text_of(answer)
