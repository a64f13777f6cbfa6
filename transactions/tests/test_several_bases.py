"""A company whose purchases are of several kinds of customers: each log is of one of them."""

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from companies.identity import membership
from intake.services.waiting import keep, take_in
from registry.models import Population
from registry.selectors import log_bases
from registry.services.populations import MayNotChangeBase, NameTaken, archive_population, purchases_of
from registry.tests.factories import PopulationFactory
from transactions.models import AnalysisSession
from transactions.services.renewal import start_newer_log
from transactions.services.uploads import NotForPurchases, start_analysis
from transactions.tests.logs import lines_of_log, log_file, read_here

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def send(member):
    def send(**options):
        return start_analysis(member=member, upload=log_file(), at=NOON, **options)

    return send


def test_a_log_is_of_the_base_that_is_named_and_of_the_first_where_none_is(send, company):
    usual = purchases_of(company=company, at=NOON)
    shops = PopulationFactory(company=company)

    named, unnamed = send(population=shops), send()

    assert (named.population, named.dataset.population) == (shops, shops)
    assert (unnamed.population, unnamed.dataset.population) == (usual, usual)


def test_a_newer_log_stays_with_its_customers(send, member, company):
    purchases_of(company=company, at=NOON)
    shops = PopulationFactory(company=company)
    earlier = read_here(send(population=shops))

    newer = start_newer_log(member=member, earlier=earlier, upload=log_file(days=340), at=NOON)

    assert newer.population == shops


@pytest.mark.parametrize("of", ["others", "tables", "archived"])
def test_a_base_that_takes_no_log_is_refused_and_nothing_stays(of, send, company, other_company, developer):
    owner = other_company if of == "others" else company
    base = PopulationFactory(company=owner, snapshot=of == "tables")
    if of == "archived":
        archive_population(population=base, by=developer, at=NOON)
        base.refresh_from_db()

    with pytest.raises(NotForPurchases, match="was archived" if of == "archived" else "no purchase logs of"):
        send(population=base)

    assert not AnalysisSession.objects.exists()
    assert list(Population.objects.filter(kind=Population.Kind.LOG, company=company)) == (
        [base] if of == "archived" else []
    )


# --- Another shop ----------------------------------------------------------------------------------------


@pytest.fixture
def usual(company):
    return purchases_of(company=company, at=NOON)


def names(company):
    return [base.name for base in log_bases(company)]


def test_a_developer_makes_a_base_with_the_first_log_of_other_customers(usual, developer, company):
    sent = {"member": membership(developer), "new_base": "  Corner  shop ", "at": NOON}

    log = start_analysis(upload=log_file(), **sent)

    assert names(company) == ["Purchases", "Corner shop"]
    assert str(log.population) == str(log.dataset.population) == "Corner shop"
    with pytest.raises(NameTaken):
        start_analysis(upload=log_file(), **sent)
    assert AnalysisSession.objects.count() == 1


def test_a_new_base_that_is_not_to_be_leaves_nothing(usual, send, developer, company):
    with pytest.raises(MayNotChangeBase):
        send(new_base="Corner shop")
    with pytest.raises(NotForPurchases, match="not both"):
        start_analysis(
            member=membership(developer), upload=log_file(), population=usual, new_base="Shop", at=NOON
        )
    with pytest.raises(NameTaken):
        start_analysis(member=membership(developer), upload=log_file(), new_base="purchases", at=NOON)

    assert names(company) == ["Purchases"]
    assert not AnalysisSession.objects.exists()


def test_sent_twice_a_log_of_other_customers_is_one(usual, developer, company):
    sent = {"member": membership(developer), "new_base": "Shop", "idempotency_key": "a", "at": NOON}

    first, second = (start_analysis(upload=log_file(), **sent) for _ in range(2))

    assert first == second
    assert names(company) == ["Purchases", "Shop"]


# --- Its page --------------------------------------------------------------------------------------------


def post(client, portal="dev", **said):
    said = {"file": log_file("march.csv"), "name": "", **said}
    return client.post(reverse("transactions:new", args=(portal,)), said)


def test_the_first_log_is_asked_nothing(as_developer, company):
    page = as_developer.get(reverse("transactions:new", args=("dev",))).content.decode()

    assert "Whose purchases" not in page
    assert post(as_developer).status_code == 302
    assert names(company) == ["Purchases"]


def test_a_user_who_cannot_choose_reads_whose_purchases_the_log_counts_as(usual, as_user, company):
    page = as_user.get(reverse("transactions:new", args=("user",))).content.decode()

    assert "These count as purchases of <b>Purchases</b>" in page
    assert f"ask the developer of {company} to add it" in page
    assert "Whose purchases are these?" not in page


def test_the_next_log_says_whose_purchases_it_has(usual, as_developer, company):
    page = as_developer.get(reverse("transactions:new", args=("dev",))).content.decode()
    unsaid = post(as_developer)

    assert "Whose purchases are these?" in page and "Customers of Purchases" in page
    assert "checked" not in page.partition("id_base")[2].partition("id_name")[0]
    assert (unsaid.status_code, unsaid.context["form"].errors) == (
        400, {"base": ["Say whose purchases these are."]},
    )  # fmt: skip

    for said, base in (
        ({"base": usual.uuid, "new_base": ""}, "Purchases"),
        ({"base": "others", "new_base": "Corner shop"}, "Corner shop"),
    ):
        assert post(as_developer, **said).status_code == 302
        assert str(AnalysisSession.objects.latest("created_at", "population").population) == base


@pytest.mark.parametrize(
    ("said", "at_fault"),
    [({"base": "others"}, "new_base"), ({"new_base": "Shop"}, "new_base"), ({"base": "x"}, "base")],
    ids=["others without a name", "a name for those that are here", "none of them"],
)
def test_what_contradicts_itself_is_asked_again(said, at_fault, usual, as_developer, company):
    answer = post(as_developer, **{"base": usual.uuid, **said})

    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [at_fault]
    assert names(company) == ["Purchases"]


def test_the_page_of_a_base_without_logs_leads_to_its_first(usual, as_developer, company):
    shop = PopulationFactory(company=company, name="Shop")

    leads = as_developer.get(reverse("registry:base", args=("dev", shop.uuid))).content.decode()
    address = f"{reverse('transactions:new', args=('dev',))}?base={shop.uuid}"
    page = as_developer.get(address).content.decode()

    assert f'href="{address}"' in leads
    assert f'value="{shop.uuid}" ' in page.partition(" checked")[0].rpartition("<input")[2] + " "


def test_a_user_chooses_among_the_bases_that_there_are(usual, as_user, company):
    assert post(as_user, "user").status_code == 302

    shop = PopulationFactory(company=company, name="Shop")
    page = as_user.get(reverse("transactions:new", args=("user",))).content.decode()
    sent = post(as_user, "user", base=shop.uuid)

    assert "Whose purchases are these?" in page and "Other customers" not in page
    assert sent.status_code == 302
    assert set(AnalysisSession.objects.values_list("population__name", flat=True)) == {"Purchases", "Shop"}


@pytest.fixture
def of_the_shop(company, developer):
    """A log of another shop that was read."""
    shop = PopulationFactory(company=company, name="Corner shop")
    sent = {"member": membership(developer), "population": shop, "at": NOON}
    return read_here(start_analysis(upload=log_file(with_faults=True), **sent))


@pytest.mark.parametrize(
    "page",
    [
        "transactions:analyses", "transactions:analysis", "transactions:columns", "transactions:profile",
        "transactions:churn", "transactions:features", "predictions:newer_log", "training:log_model",
        "companies:home",
    ],
)  # fmt: skip
def test_each_page_that_shows_a_log_names_its_customers(page, of_the_shop, as_developer):
    portal = [] if page == "training:log_model" else ["dev"]
    one = [] if page in ("transactions:analyses", "companies:home") else [of_the_shop.pk]

    shown = as_developer.get(reverse(page, args=(*portal, *one)))

    assert shown.status_code == 200
    address = reverse("registry:base", args=("dev", of_the_shop.population.uuid))
    line = shown.content.decode().partition(f'href="{address}"')[2]
    assert "Corner shop" in line.partition("</a>")[0]


# --- For programs and from a terminal --------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/api/v1/upload", "/api/v1/churn/v2/organizations/{company}/upload-dataset"], ids=["s4", "v2"]
)
def test_a_program_names_the_base_of_a_log(path, usual, as_developer, company, other_company):
    shop, gym = PopulationFactory(company=company), PopulationFactory(company=company, snapshot=True)
    theirs = PopulationFactory(company=other_company)

    def send(**said):
        answer = as_developer.post(path.format(company=company.pk), {"file": log_file(), **said})
        return answer.status_code

    def latest():
        return AnalysisSession.objects.order_by("created_at").last().population.name

    for said, base in (
        ({}, usual.name), ({"base": shop.name}, shop.name), ({"base": shop.uuid}, shop.name),
        ({"new_base": "Corner shop"}, "Corner shop"),
    ):  # fmt: skip
        assert (send(**said), latest()) == (200, base)
    for named in (gym.name, theirs.uuid, "no such base"):
        assert send(base=named) == 404
    assert send(base=shop.name, new_base="Another") == 409


def test_a_log_that_is_sent_on_is_asked_whose_it_is_and_not_sent_again(usual, as_developer, developer):
    kept = keep(take_in(log_file("orders.csv")), member=membership(developer))
    address = reverse("transactions:new", args=("dev",))

    asked = as_developer.post(address, {"kept": kept})
    form = asked.context["form"]
    sent = {"kept": form["kept"].value(), "name": "", "base": usual.uuid}
    answer = as_developer.post(address, sent)

    assert (asked.status_code, form.errors) == (200, {})
    assert "orders.csv</bdi> is here already" in asked.content.decode()
    log = AnalysisSession.objects.get(dataset__original_filename="orders.csv")
    assert answer.url == reverse("transactions:columns", args=("dev", log.pk))


def test_the_command_names_the_base_of_a_log(usual, company, developer, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines_of_log(customers=20)))

    for option, name in (("base", "Purchases"), ("new_base", "Corner shop")):
        call_command("import_dataset", str(path), company=company.pk, **{option: name})

    logs = AnalysisSession.objects.order_by("created_at")
    assert [log.population.name for log in logs] == ["Purchases", "Corner shop"]
    with pytest.raises(CommandError, match="no customer base"):
        call_command("import_dataset", str(path), company=company.pk, base="Nowhere")
