"""Every URL is declared in `routes.py`, and answers each kind of person as it says there.

For whoever may not see an object, its address answers exactly as the address of one that does not exist.
"""

import hashlib
import re
import uuid
from itertools import chain

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver

from companies.identity import membership
from companies.services.api_keys import create_api_key
from companies.tests.factories import ApiKeyFactory, UserFactory
from core.files.media import media_path
from intake.services.checking import LEAVE_OUT
from jobs.models import Job
from jobs.tests.factories import JobFactory
from ml.samples.dataset_a import make_dataset_a
from predictions.services.runs import start_prediction
from registry.selectors import telecom_base
from registry.tests.factories import (
    NOON,
    DatasetFactory,
    ModelDeploymentFactory,
    ModelMetricsFactory,
    ModelVersionFactory,
    PopulationFactory,
)
from tests.routes import ADMIN, ANONYMOUS, DEVELOPER, FOREIGN_USER, OPERATOR, ROLES, ROUTES
from training.models import ModelSearch, TrainingRun
from training.services.feature_training import start_feature_training
from training.services.retraining import start_retraining
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.services.matrices import start_features
from transactions.services.uploads import start_analysis
from transactions.tests.logs import describe_here, log_file, read_here

pytestmark = pytest.mark.django_db

ABSENT = {
    "person": 987_654_321, "waiting": 987_654_321, "version": 987_654_321, "key": 987_654_321,
    "deployment": 987_654_321, "base": uuid.UUID(int=1),
    "job": uuid.UUID(int=1), "run": uuid.UUID(int=1), "retraining": uuid.UUID(int=1),
    "search": uuid.UUID(int=1),
    "dataset": 987_654_321, "log": uuid.UUID(int=1), "matrix": uuid.UUID(int=1),
    "org": "NOSUCHORG", "raw": uuid.UUID(int=1), "log_training": uuid.UUID(int=1),
}  # fmt: skip
CHANGES_BY_ITSELF = re.compile(
    r"""csrf\w*["']?(?:\s*value=|:\s*|\s*content=)["']\w+|nonce=["'][\w+/=-]+|"X-CSRFToken":\s*"\w+\"""",
    re.IGNORECASE,
)


def patterns(resolver=None, prefix=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        whole = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, whole)
        else:
            yield whole


class Objects(dict):
    """One object of `company` for every name that stands in a path, made when it is asked for."""

    def __init__(self, request):
        self.request = request

    def __missing__(self, name):
        self[name] = self.request.getfixturevalue(f"{name}_of_company")
        return self[name]


@pytest.fixture
def objects(request):
    return Objects(request)


@pytest.fixture
def person_of_company(company):
    # Long numbers: a short one would also stand elsewhere on the page, and is taken out before comparing.
    return UserFactory(company=company, pk=700_000_001).pk


@pytest.fixture
def waiting_of_company(company):
    return UserFactory(company=company, pk=700_000_002, waiting=True).pk


@pytest.fixture
def key_of_company(company, developer):
    return ApiKeyFactory(company=company, created_by=developer, pk=700_000_004).pk


@pytest.fixture
def version_of_company(company):
    version = ModelVersionFactory(company=company, pk=700_000_003)
    ModelMetricsFactory(model=version)
    return ModelDeploymentFactory(model=version).model_id


@pytest.fixture
def base_of_company(company):
    return PopulationFactory(company=company, snapshot=True).uuid


@pytest.fixture
def deployment_of_company(company):
    return ModelDeploymentFactory(model=ModelVersionFactory(company=company), pk=700_000_005).pk


@pytest.fixture
def job_of_company(company, user):
    return JobFactory(company=company, account=user).pk


@pytest.fixture
def run_of_company(user, default_versions, do_jobs):
    """Predict a real file with one row that had to be left out, so that every download exists."""
    table = make_dataset_a(rows=100, seed=7).astype({"MonthlyCharges": object})
    table.loc[3, "MonthlyCharges"] = "a lot"
    run = start_prediction(
        member=membership(user),
        name="March",
        version=default_versions["logistic_regression"],
        upload=ContentFile(table.to_csv(index=False).encode(), name="march.csv"),
        bad_rows=LEAVE_OUT,
        at=NOON,
    )
    do_jobs()
    return run.uuid


@pytest.fixture
def dataset_of_company(company):
    table = make_dataset_a(rows=100, seed=7).to_csv(index=False).encode()
    dataset = DatasetFactory(company=company, pk=700_000_005, sha256=hashlib.sha256(table).hexdigest())
    path = media_path(dataset.file_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(table)
    return dataset.pk


@pytest.fixture
def retraining_of_company(developer, default_versions, do_jobs, settings):
    """Retrain with a real file of which one row had to be left out."""
    settings.RETRAIN_MODEL_TYPE = "logistic_regression"
    table = make_dataset_a(rows=200, seed=7).astype({"MonthlyCharges": object})
    table.loc[3, "MonthlyCharges"] = "a lot"
    run = start_retraining(
        member=membership(developer),
        upload=ContentFile(table.to_csv(index=False).encode(), name="march.csv"),
        reason="Customers of March",
        population=telecom_base(),
        bad_rows=LEAVE_OUT,
        at=NOON,
    )
    do_jobs()
    return run.uuid


@pytest.fixture
def search_of_company(retraining_of_company):
    """Let the retraining have found its type by a search that is over."""
    run = TrainingRun.objects.get(uuid=retraining_of_company)
    job = Job.objects.create(task="training.prepare_search", company=run.company, queued_at=NOON)
    first = {"model_type": run.model_type.slug, "score": 1.0, "parts": {}, "behind": 0.0, "level": True}
    search = ModelSearch.objects.create(
        training=run,
        job=job,
        seconds=60,
        weights="advisor",
        prepared={"rows": 160, "left": 40},
        ranking=[first],
    )  # fmt: skip
    search.parts.create(model_type=run.model_type)
    return run.uuid


@pytest.fixture
def log_of_company(user):
    """Read a log of which some rows had to be left out."""
    analysis = start_analysis(member=membership(user), upload=log_file(with_faults=True), at=NOON)
    return describe_here(read_here(analysis)).pk


@pytest.fixture
def org_of_company(company):
    return company.pk


@pytest.fixture
def raw_of_company(log_of_company):
    return AnalysisSession.objects.get(pk=log_of_company).dataset.uuid


@pytest.fixture
def matrix_of_company(log_of_company, do_jobs):
    analysis = AnalysisSession.objects.get(pk=log_of_company)
    matrix = start_features(analysis=analysis, feature_set="rfm_v2", at=NOON)
    do_jobs()
    return matrix.pk


@pytest.fixture
def log_training_of_company(matrix_of_company, developer):
    matrix = FeatureMatrix.objects.select_related("analysis", "job").get(pk=matrix_of_company)
    return start_feature_training(member=membership(developer), matrix=matrix, at=NOON).uuid


@pytest.fixture
def client_of(request, log_in):
    return lambda role: Client() if role == ANONYMOUS else log_in(request.getfixturevalue(role))


def ask(client, route, objects):
    path = "/" + route.path.format_map(objects)
    # What one person's form changed is undone before the next person asks.
    with transaction.atomic():
        answer = getattr(client, route.method)(path)
        answer.body = b"".join(answer) if answer.streaming else answer.content
        transaction.set_rollback(True)
    return answer


def test_every_url_is_declared():
    undeclared = [url for url in patterns() if url not in ROUTES and not url.startswith(ADMIN)]

    assert undeclared == []


def test_every_declared_url_exists():
    assert sorted(set(ROUTES) - set(patterns())) == []


def families():
    """Return the routes by the object in their path, which is then made once for all of them."""
    found = {}
    for route in chain.from_iterable(ROUTES.values()):
        wanted = re.findall(r"{\w+}", route.path)
        found.setdefault(wanted[0] if wanted else str(route), []).append(route)
    return found


FAMILIES = families()


@pytest.mark.mariadb
@pytest.mark.parametrize("family", FAMILIES)
def test_answers_each_person_as_declared(family, objects, client_of, on_mariadb):
    # Who may do what is one rule on both databases; there, one who may and one who may not open each address.
    roles = (DEVELOPER, FOREIGN_USER) if on_mariadb else ROLES
    routes = FAMILIES[family]

    answers = {str(route): {role: ask(client_of(role), route, objects) for role in roles} for route in routes}

    assert {
        route: {role: answer.status_code for role, answer in found.items()}
        for route, found in answers.items()
    } == {str(route): {role: route.answers[role] for role in roles} for route in routes}
    if family.startswith("{"):
        for route in routes:
            assert_of_others_like_none(route, answers[str(route)], objects, client_of)


def assert_of_others_like_none(route, answers, objects, client_of):
    """Check that who may not see an object is answered as if it were not there."""
    for role, answer in answers.items():
        if route.answers[role] in (403, 404):
            absent = ask(client_of(role), route, ABSENT)
            assert answer.status_code == absent.status_code, (str(route), role)
            assert comparable(answer, objects) == comparable(absent, ABSENT), (str(route), role)


def comparable(answer, objects):
    """Return the body without what differs between two answers to the same question, and without the ids."""
    text = CHANGES_BY_ITSELF.sub("", answer.body.decode())
    for value in objects.values():
        text = text.replace(str(value), "")
    return text


@pytest.mark.any_database
def test_a_key_opens_what_its_scopes_say(company, developer, request):
    """Every resource asks a key for `read`, or for the scope of what it changes; none forgets to ask."""
    objects = Objects(request)
    reading, changing = (
        client_with_key(company, scopes) for scopes in (["read"], ["predict", "train", "deploy"])
    )

    for url, routes in ROUTES.items():
        for route in (route for route in routes if url.startswith("api/v1/") and url != "api/v1/me"):
            allowed, refused = (reading, changing) if route.method == "get" else (changing, reading)
            assert ask(allowed, route, objects).status_code == route.answers[DEVELOPER], str(route)
            answer = ask(refused, route, objects)
            assert (answer.status_code, answer.json()["code"]) == (403, "missing-scope"), str(route)


def client_with_key(company, scopes):
    _, secret = create_api_key(company=company, name=str(scopes), scopes=scopes, by=None, at=NOON)
    return Client(headers={"Authorization": f"Api-Key {secret}"})


ADMIN_PAGES = sorted(
    "/" + re.sub(r"<[^>]+>", "1", url)
    for url in patterns()
    if url.startswith(ADMIN) and "(" not in url and url not in {"admin/login/", "admin/logout/"}
)


@pytest.mark.parametrize("role", [role for role in ROLES if role != OPERATOR])
def test_the_admin_lets_nobody_in_but_operators(role, client_of):
    client = client_of(role)

    for path in ADMIN_PAGES:
        answer = client.get(path)
        assert answer.status_code == 302, path
        assert answer.url.startswith("/admin/login/"), path


@pytest.mark.mariadb
def test_the_admin_lists_everything_to_an_operator(client_of):
    client = client_of(OPERATOR)
    lists = [path for path in ADMIN_PAGES if re.fullmatch(r"/admin/\w+/\w+/", path)]

    assert len(lists) > 5
    for path in lists:
        assert client.get(path).status_code == 200, path
