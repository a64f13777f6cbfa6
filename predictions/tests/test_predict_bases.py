"""A company with several kinds of customers: the Predict page asks which, and leads a wrong file on."""

import re
from urllib.parse import quote

import pytest
from django.urls import reverse

from companies.identity import membership
from intake.services.waiting import waiting_room
from jobs.models import Job
from predictions.models import Prediction
from predictions.services.runs import FileOfOtherBase
from registry.selectors import telecom_base
from registry.services.deployments import deploy_version
from registry.tests.factories import NOON, ModelVersionFactory
from registry.tests.own_bases import HEADER, own_base, own_csv, own_version
from transactions.services.uploads import start_analysis
from transactions.tests.logs import log_file, read_here

pytestmark = pytest.mark.django_db


@pytest.fixture
def shops(company, version):
    """Return a base of the company beside the telecom base, and its champion."""
    return own_base(company)


def page_of(client, base=None, portal="user"):
    query = {"base": base.uuid} if base else {}
    return client.get(reverse("predictions:new", args=(portal,)), query)


def offered(answer):
    return set(answer.context["form"].fields["model"].queryset)


def test_nothing_is_asked_where_there_is_only_one_kind(as_user, version):
    page = page_of(as_user).content.decode()

    assert 'aria-label="Customer base"' not in page
    assert "Sample file with 200 customers" in page


def test_each_base_offers_its_own_models_columns_and_template(as_user, version, shops):
    base, champion = shops
    telecom, own = page_of(as_user, telecom_base()), page_of(as_user, base)

    assert offered(telecom) == {version}
    assert offered(own) == {champion}
    assert own.context["form"]["model"].initial == champion
    shown = own.content.decode()
    assert all(f"<code>{name}</code>" in shown for name in HEADER[:-1])
    assert "Template with these columns" in shown and "MonthlyCharges" not in shown
    assert re.search(r'aria-current="page">Shops</a>', shown)


def test_begins_with_the_own_customers_and_then_with_those_predicted_last(
    as_user, user, done, shops, version
):
    assert page_of(as_user).context["base"] == shops[0]

    done(user)

    assert page_of(as_user).context["base"] == telecom_base()


def test_a_shop_begins_with_the_log_of_its_customers(as_user, user, version, company, developer):
    log = read_here(start_analysis(member=membership(user), upload=log_file(), at=NOON))
    before = page_of(as_user)
    model = ModelVersionFactory(company=company, population=log.population)
    deploy_version(version=model, company=company, by=developer, reason="The first.", at=NOON)

    after, telecom = page_of(as_user), page_of(as_user, telecom_base())
    there = as_user.get(after.url)

    assert before.status_code == telecom.status_code == 200
    assert after.url == f"{reverse('transactions:analysis', args=('user', log.pk))}#scores"
    assert 'id="scores"' in there.content.decode()


@pytest.mark.parametrize("with_ids", [True, False])
def test_the_template_can_be_predicted_as_it_is(company, as_user, send, do_jobs, version, with_ids):
    base, champion = own_base(company, with_ids=with_ids)
    template = re.search(r'href="([^"]+)" download>Template', page_of(as_user, base).content.decode())

    send(as_user, as_user.get(template[1]).content, model=champion, filename="template.csv")

    [job] = do_jobs()
    assert job.state == Job.State.SUCCEEDED
    assert Prediction.objects.get().result["rows"] == 2


def test_a_file_of_other_customers_is_led_to_them(as_user, send, shops, version, customer_file):
    to_shops = send(as_user, own_csv(with_outcome=False))
    to_telecom = send(as_user, customer_file, model=shops[1])

    for answer, base in ((to_shops, shops[0]), (to_telecom, telecom_base())):
        shown = answer.content.decode()
        assert answer.status_code == 422
        assert f"This file has the columns of {base}" in shown
        kept = quote(answer.context["refusal"].kept)
        sent_on = f"/user/predict/?base={base.uuid}&amp;kept={kept}&amp;name=March%20base"
        assert f'href="{sent_on}">Go to {base}' in shown
    assert not Prediction.objects.exists()


def test_a_file_that_is_led_on_need_not_be_chosen_again(as_user, send, do_jobs, shops, version):
    base, champion = shops
    refusal = send(as_user, own_csv(with_outcome=False), filename="april.csv").context["refusal"]

    query = {"base": base.uuid, "kept": refusal.kept, "name": "April"}
    page = as_user.get(reverse("predictions:new", args=("user",)), query)
    form = page.context["form"]
    sent = {name: form[name].value() or "" for name in ("name", "kept", "token")}
    as_user.post(reverse("predictions:new", args=("user",)), {**sent, "model": champion.pk})
    do_jobs()

    assert "april.csv</bdi> is here already" in page.content.decode()
    prediction = Prediction.objects.get()
    assert (prediction.prediction_name, prediction.population) == ("April", base)
    assert (prediction.original_filename, prediction.result["rows"]) == ("april.csv", 400)


def test_a_purchase_log_is_added_as_one_with_one_click(as_user, send, version, company):
    lines = ["customer_id,event_date,amount,event_type"]
    lines += [f"C{n % 40},2026-0{1 + n % 9}-1{n % 8},{n % 50 + 1}.50,purchase" for n in range(400)]
    refused = send(as_user, "\n".join(lines).encode(), filename="orders.csv")
    shown = refused.content.decode()
    button = shown[shown.index('<form class="row" method="post" action="/user/logs/new/"') :]
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', button[: button.index("</form>")]))

    first, second = (as_user.post("/user/logs/new/", form) for _ in range(2))

    log = company.analyses.get()
    assert "Add it as a purchase log" in button
    assert first.url == second.url == f"/user/logs/{log.pk}/columns/"
    assert (log.dataset.original_filename, log.dataset.row_count) == ("orders.csv", 400)
    assert list(waiting_room().iterdir()) == []


def test_a_table_of_other_customers_leads_the_developer_to_a_base_of_their_own(
    as_developer, as_user, send, version
):
    members = b"member,visits,left\nM1,3,no\nM2,0,yes\n"

    to_developer, to_user = send(as_developer, members, portal="dev"), send(as_user, members)

    shown = to_developer.content.decode()
    assert f'action="{reverse("training:new_base")}"' in shown and "Bring a table of your own" in shown
    assert "table of your own" not in to_user.content.decode()


def test_a_file_of_nobody_is_told_what_it_misses(user, predict, shops):
    with pytest.raises(Exception, match="Region") as refusal:
        predict(user, own_csv(without=("Region",)), model=shops[1])

    assert not isinstance(refusal.value, FileOfOtherBase)


def test_predicting_again_begins_with_the_same_customers(as_user, user, done, shops, version):
    prediction = done(user, own_csv(with_outcome=False), model=shops[1])
    done(user)

    answer = as_user.get(reverse("predictions:new", args=("user",)), {"again": prediction.uuid})

    assert answer.context["base"] == shops[0]
    assert answer.context["form"].initial["model"] == shops[1]


def test_a_base_that_no_model_serves_says_so(company, as_user, as_developer, version):
    base, _ = own_base(company, deployed=False)

    assert "No model serves Shops yet" in page_of(as_user, base).content.decode()
    shown = page_of(as_developer, base, portal="dev").content.decode()
    assert f'href="{reverse("registry:models", args=("dev",))}">deploy it' in shown


def test_bases_of_others_do_not_exist(as_user, other_company, version):
    theirs, champion = own_base(other_company)

    assert page_of(as_user, theirs).status_code == 404
    assert as_user.get(reverse("predictions:new", args=("user",)), {"base": "no-uuid"}).status_code == 404
    answer = as_user.post(reverse("predictions:new", args=("user",)), {"name": "x", "model": champion.pk})
    assert answer.status_code == 400
    assert "There is no such model" in answer.content.decode()


def test_a_later_version_of_the_base_takes_over(as_user, shops, company):
    base, _ = shops
    later = own_version(base, deployed=False)

    assert later not in offered(page_of(as_user, base))
