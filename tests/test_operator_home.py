"""The operator's first page begins with what is to be done, then says who is served by what and who waits."""

import ast
import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone

from companies import mail
from companies.standing import mails
from companies.tests.factories import AccountFactory, CompanyFactory, UserFactory
from core import standing
from core.models import UntoldEvent
from core.standing import in_gigabytes, standings
from jobs.health import note_clock, note_worker
from jobs.models import Job
from jobs.standing import failures, queue, workers
from jobs.tests.factories import JobFactory
from registry.models import ModelDeployment, ModelVersion
from registry.presenting.standing import serving_section, versions
from registry.services.deployments import deploy_version, withdraw_version
from registry.tests.factories import CURVES, ModelMetricsFactory, ModelVersionFactory
from tests.test_refusals import modules

pytestmark = [pytest.mark.django_db, pytest.mark.mariadb]

HOME = "/admin/"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def told(as_operator):
    """Return what the page says, on one line and without marks."""

    def read():
        answer = as_operator.get(HOME)
        assert answer.status_code == 200
        return " ".join(answer.content.decode().split())

    return read


def test_only_operators_read_it(as_developer, as_user, client):
    for anybody in (as_developer, as_user, client):
        assert anybody.get(HOME).status_code == 302


def test_who_may_read_no_list_reads_no_summary_of_them(log_in, company):
    helper = log_in(AccountFactory(is_staff=True))

    page = helper.get("/admin/")

    assert page.status_code == 200 and "standings" not in page.context
    assert company.name not in page.content.decode()


def test_everything_that_has_to_work_is_named(told, now):
    note_worker(at=now)
    note_clock(at=now)

    page = told()

    assert [stand.name for stand in standings.contents(now)] == [
        "Workers", "Clock", "Queue", "Failed jobs", "Versions", "Trainings", "Disk", "Storage", "Files",
        "Messages", "Mails", "Events",
    ]  # fmt: skip
    assert "Nothing has to be done" in page


def test_models_come_first_and_what_libraries_bring_last(as_operator):
    apps = [app["app_label"] for app in as_operator.get(HOME).context["app_list"]]

    assert apps[0] == "registry"
    assert apps[-2:] == ["axes", "auth"]


def test_what_is_to_be_done_stands_before_what_is_well(as_operator, now):
    UntoldEvent.objects.create(
        event="e", subscriber="s", ids={}, about="", happened_at=now, due_at=now, attempts=9
    )

    context = as_operator.get(HOME).context

    # Neither a worker nor the clock runs beside the tests.
    assert [stand.name for stand in context["standings"] if not stand.is_well] == [
        "Workers",
        "Clock",
        "Events",
    ]
    assert [stand.name for stand in context["standings"]][:3] == ["Workers", "Clock", "Events"]
    assert context["to_do"] == 3


def test_a_link_of_each_thing_to_do_opens_its_rows(as_operator, company, developer, now):
    ModelVersionFactory(company=company, state=ModelVersion.State.DAMAGED)
    JobFactory(company=company, state=Job.State.QUEUED, queued_at=now - timedelta(hours=1))
    JobFactory(company=company, state=Job.State.FAILED, finished_at=now, error={"code": "internal"})

    for stand in (workers(now), queue(now), failures(now), versions(now)):
        assert not stand.is_well
        if stand.url:
            page = as_operator.get(stand.url)
            assert page.status_code == 200, stand.url
            assert page.context["cl"].result_count == 1, stand.url


def test_a_job_that_failed_for_what_was_sent_asks_nobody_for_anything(company, now):
    JobFactory(company=company, state=Job.State.FAILED, finished_at=now, error={"code": "no-customers"})
    JobFactory(
        company=company,
        state=Job.State.FAILED,
        finished_at=now - timedelta(days=8),
        error={"code": "internal"},
    )

    stand = failures(now)

    assert stand.is_well
    assert stand.says == "1 job failed within seven days. Who began them was told why."


def test_a_queue_that_moves_is_well(company, now):
    JobFactory(company=company, state=Job.State.QUEUED, queued_at=now - timedelta(minutes=1))

    assert queue(now).is_well
    assert queue(now).says == "1 job waits for a worker, the oldest for 1 minute."


def test_a_disk_without_room_says_what_to_do(settings, now):
    settings.HEALTH_MIN_FREE_MB = 10**9

    assert "Only" in standing.disk(now).says
    assert standing.disk(now).remedy.startswith("Make room")


@pytest.mark.parametrize(
    ("size", "written"),
    [(1_520e9, "1,520\u202fGB"), (61.54e9, "61.5\u202fGB"), (4.804e8, "0.48\u202fGB")],
)
def test_sizes_have_three_digits(size, written):
    assert in_gigabytes(size) == written


def test_a_mail_that_was_refused_is_known_until_one_is_taken(settings, company, now):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # where nobody listens
    cache.clear()

    mail.send("developer_left", company.email, company=company, person="Dana")
    refused = mails(now)

    assert "ConnectionRefusedError" in refused.says
    assert "EMAIL_URL" in refused.remedy

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.send("developer_left", company.email, company=company, person="Dana")

    assert mails(now).is_well


def test_lists_are_called_what_pages_call_them(told):
    page = told()

    assert all(name in page for name in ("Ledger", "Deployments", "Data sets", "Customer bases"))
    assert not [name for name in ("Datasets", "Populations", "Deployment events") if name in page]


def test_every_mail_is_a_template_and_leaves_by_the_one_door_that_tells_the_operator():
    found = [(str(path), node) for path, tree in modules() for node in ast.walk(tree)]
    doors = {
        where
        for where, node in found
        if isinstance(node, ast.ImportFrom) and node.module == "django.core.mail"
    }
    calls = [
        (where, ast.unparse(node.func), node.args[0])
        for where, node in found
        if isinstance(node, ast.Call) and re.fullmatch(r"mail\.(deliver|send\w*)", ast.unparse(node.func))
    ]

    assert doors == {"companies/mail.py"}
    assert len(calls) > 12
    for where, door, named in calls:
        # The library of the logins names those of its own.
        if where != "companies/adapter.py":
            assert isinstance(named, ast.Constant), where
            get_template(named.value if door == "mail.deliver" else f"companies/mail/{named.value}.txt")


def test_it_says_which_version_serves_whom_since_when(told, company, developer, now):
    version = ModelVersionFactory(company=company)
    deploy_version(
        version=version, company=company, role=ModelDeployment.Role.CHAMPION, by=developer,
        reason="It finds more.", at=now,
    )  # fmt: skip
    CompanyFactory(name="Newcomer Mobile")

    page = told()

    champion, newcomer = serving_section(now)["rows"]
    assert (champion.company, champion.version, champion.deployment.who) == (
        company, version, champion.deployment.actor_name,
    )  # fmt: skip
    assert (newcomer.company.name, newcomer.deployment) == ("Newcomer Mobile", None)
    assert f"{now:%-d %b %Y, %H:%M} UTC" in page
    assert "nobody: the best default" in page


def test_it_says_who_waits_to_be_let_in(told, company):
    waiting = AccountFactory(email="anna@harbour.example.com")
    UserFactory(company=company, account=waiting, waiting=True)

    page = told()

    assert "anna@harbour.example.com" in page
    assert "Nobody waits to be let in" not in page


FILTERS = [
    ("registry_modelversion", {"deployed": "never"}),
    ("registry_modelversion", {"deployed": "now"}),
    ("registry_modelversion", {"deployed": "before"}),
    ("companies_company", {"model": "none"}),
    ("companies_company", {"model": "no-champion"}),
    ("registry_population", {"champion": "none"}),
    ("training_trainingrun", {"job__state__exact": "FAILED", "created_at__gte": "2026-01-01 00:00:00+00:00"}),
]


@pytest.mark.parametrize(("table", "query"), FILTERS, ids=lambda part: str(part))
def test_questions_of_operators_are_filters(as_operator, table, query):
    answer = as_operator.get(reverse(f"admin:{table}_changelist"), query)

    # What is no filter is led away from, with an error in the address.
    assert answer.status_code == 200


@pytest.fixture
def served(company, developer, now):
    """Return three versions: one that serves, one that did, and one that nobody deployed."""
    champion, former, never = (ModelVersionFactory(company=company) for _ in range(3))
    for version in (former, champion):
        deploy_version(
            version=version, company=company, role=ModelDeployment.Role.CHAMPION, by=developer,
            reason="It finds more.", at=now,
        )  # fmt: skip
    withdraw_version(version=former, company=company, by=developer, reason="It finds less.", at=now)
    return {"now": champion, "before": former, "never": never}


def test_versions_are_found_by_whether_they_were_ever_deployed(as_operator, served):
    page = reverse("admin:registry_modelversion_changelist")

    for asked, version in served.items():
        found = as_operator.get(page, {"deployed": asked}).context["cl"].result_list
        assert version in found
        assert not set(served.values()) - {version} & set(found)


def test_companies_without_a_model_are_found(as_operator, company, other_company):
    ModelVersionFactory(company=company)
    page = reverse("admin:companies_company_changelist")

    found = as_operator.get(page, {"model": "none"}).context["cl"].result_list

    assert list(found) == [other_company]


def test_figures_have_three_digits_and_their_interval(as_operator, company):
    interval = {"weighted": {"AUC": {"value": 0.84571, "low": 0.83211, "high": 0.8589}}}
    metrics = ModelMetricsFactory(
        model=ModelVersionFactory(company=company),
        auc_roc=0.846149,
        additional_metrics=CURVES | {"intervals": interval},
    )

    for page in (
        reverse("admin:registry_modelversion_changelist"),
        reverse("admin:registry_modelversion_change", args=[metrics.model.pk]),
        reverse("admin:registry_modelmetrics_changelist"),
        reverse("admin:registry_modelmetrics_change", args=[metrics.pk]),
    ):
        assert "0.846 (0.832 to 0.859)" in as_operator.get(page).content.decode(), page
