"""Every page says of which customers it speaks, once a company has several kinds of them."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from companies.identity import membership
from jobs.tests.factories import JobFactory
from predictions.services.runs import start_prediction
from predictions.tests.factories import NOON
from registry.models import ModelDeployment
from registry.selectors import telecom_base
from registry.services.deployments import deploy_version
from registry.tests.factories import DatasetFactory
from registry.tests.own_bases import own_base, own_csv, own_version
from training.models import TrainingRun

pytestmark = pytest.mark.django_db
NAMED = "Customer base: </span>Shops</a>"


@pytest.fixture
def shops(company, user, developer, do_jobs):
    """Return what there is of a base: its champion, a challenger, data, a retraining and a result."""
    base, _ = own_base(company, deployed=False)
    champion = base.versions.get()
    challenger = own_version(base, deployed=False)
    for version, role in ((champion, "CHAMPION"), (challenger, "CHALLENGER")):
        deploy_version(version=version, company=company, role=role, by=developer, reason="New.", at=NOON)
    prediction = start_prediction(
        member=membership(user),
        name="April",
        version=champion,
        upload=ContentFile(own_csv(with_outcome=False), name="april.csv"),
        at=NOON,
    )
    do_jobs()
    dataset = DatasetFactory(company=company, population=base)
    retraining = TrainingRun.objects.create(
        kind="CUSTOMERS",
        company=company,
        population=base,
        developer=developer.developer,
        job=JobFactory(company=company),
        model_type=champion.model_type,
        number=1,
        reason="A new quarter.",
        input_data={"accepted": 3, "rejected": 0, "duplicates": 0, "rows_in": 3, "warnings": []},
        created_at=NOON,
    )
    return {
        "base": base,
        "champion": champion,
        "challenger": challenger,
        "prediction": prediction,
        "dataset": dataset,
        "retraining": retraining,
    }


PAGES = {
    "home": ("companies:home", "dev"),
    "ledger": ("registry:ledger",),
    "retrainings": ("training:runs",),
    "data sets": ("training:datasets",),
}
PAGES_OF_ONE = {
    "result": ("predictions:result", "prediction", "uuid", True),
    "model": ("registry:version", "champion", "pk", True),
    "withdraw": ("registry:withdraw", "champion", "pk", False),
    "data set": ("training:dataset", "dataset", "pk", False),
    "retraining": ("training:run", "retraining", "uuid", False),
}


@pytest.mark.parametrize("page", PAGES)
def test_lists_name_the_customers_of_each_line(as_developer, shops, page):
    name, *args = PAGES[page]

    assert NAMED in as_developer.get(reverse(name, args=args)).content.decode()


@pytest.mark.parametrize("page", PAGES_OF_ONE)
def test_pages_name_the_customers_that_they_speak_of(as_developer, shops, page):
    name, what, key, in_portal = PAGES_OF_ONE[page]
    args = [*(["dev"] if in_portal else []), getattr(shops[what], key)]

    assert NAMED in as_developer.get(reverse(name, args=args)).content.decode()


def test_the_history_has_a_column_and_a_filter(as_user, shops):
    address = reverse("predictions:history", args=("user",))

    mine = as_user.get(address, {"base": shops["base"].uuid}).content.decode()
    others = as_user.get(address, {"base": telecom_base().uuid}).content.decode()

    assert '<td class="wrap name" data-label="Customer base">Shops</td>' in mine
    assert "No prediction fits these filters" in others


def test_the_ledger_names_them_in_its_file(as_developer, shops):
    lines = as_developer.get(reverse("registry:ledger_csv")).content.decode().splitlines()

    assert lines[0].endswith(",customer_base")
    assert lines[1].endswith(",Shops")


def test_each_base_has_its_champion_and_its_challenger_on_the_page_of_models(as_developer, shops):
    page = as_developer.get(reverse("registry:models", args=("dev",)))

    [found] = [group for group in page.context["groups"] if group["challenge"]]
    assert found["challenge"]["found"].challenger.model == shops["challenger"]
    assert found["deployed"].model == shops["champion"]
    address = reverse("registry:roll_back")
    assert f'href="{address}?base={shops["base"].uuid}"' in page.content.decode()


def test_nothing_is_said_where_there_is_only_one_kind(as_developer, as_user, default_versions):
    for client, portal in ((as_developer, "dev"), (as_user, "user")):
        for name in ("companies:home", "registry:models", "predictions:history", "predictions:new"):
            page = client.get(reverse(name, args=(portal,))).content.decode()
            # The list of bases has its place in the navigation.
            assert "Customer base" not in page.replace("Customer bases", "")
    assert not ModelDeployment.objects.exists()
