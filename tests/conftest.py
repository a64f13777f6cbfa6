"""What the walks share, an installation, and the tests of purchase logs: a coffee shop and its models."""

from datetime import timedelta
from functools import partial

import pytest
from django.core.files.base import ContentFile

from companies.identity import membership
from predictions.models import Prediction
from predictions.services.logs import start_log_prediction
from predictions.services.renewing import start_newer_prediction
from registry.models import ModelType
from registry.services.deployments import deploy_version
from registry.services.model_types import add_missing_model_types
from registry.services.versions import register_version
from tests.coffee_shop import NOON, SPRING, finish, learn_spring, rows_of_a_year, until, written
from tests.installation import running_installation
from training.services.log_training import train_on_log
from training.tests.own import begin, first_trained, look, trained_again  # noqa: F401
from transactions.services.configuration import configure_analysis
from transactions.services.processing import name_columns
from transactions.services.uploads import start_analysis
from transactions.tests.logs import read_here


@pytest.fixture(scope="package")
def server(tmp_path_factory):
    """Return a running installation with the five defaults; each walk makes a company of its own in it."""
    with running_installation(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def year():
    """Return the rows of a year of a coffee shop."""
    return rows_of_a_year()


@pytest.fixture
def member(developer):
    return membership(developer)


@pytest.fixture
def read(member):
    """Return a function that reads a log; without its profile, which takes longest."""

    def do(rows, *, name="log.csv"):
        analysis = start_analysis(member=member, upload=ContentFile(written(rows), name=name), at=NOON)
        return read_here(analysis, mapping=name_columns(analysis))

    return do


@pytest.fixture
def train(member, do_jobs):
    def do(analysis, *, model_type="logistic_regression", feature_set="rfm_v2"):
        training = train_on_log(
            member=member, analysis=analysis, model_type=model_type, feature_set=feature_set, at=NOON
        )
        finish(do_jobs)
        training.refresh_from_db()
        return training.version

    return do


@pytest.fixture
def score(member, do_jobs):
    def do(analysis, *, at=NOON, **options):
        run = start_log_prediction(member=member, analysis=analysis, at=at, **options)
        finish(do_jobs)
        return Prediction.objects.with_people().get(pk=run.pk)

    return do


@pytest.fixture
def add(member, do_jobs):
    """Return a function that adds a newer export to a log, as the page does, and waits for the result."""

    def do(analysis, rows, *, name="next.csv"):
        run = start_newer_prediction(
            member=member,
            earlier=analysis,
            upload=ContentFile(written(rows), name=name),
            at=NOON + timedelta(days=30),
        )
        finish(do_jobs)
        return Prediction.objects.with_people().get(pk=run.pk)

    return do


@pytest.fixture
def register(company, made_once):
    """Return a function that registers what a training on the log of spring leaves, made once per run."""

    def do(analysis, *, model_type="logistic_regression", feature_set="rfm_v2"):
        add_missing_model_types()
        wanted = {"model_type": model_type, "feature_set": feature_set}
        return register_version(
            company=company,
            population=analysis.population,
            model_type=ModelType.objects.get(slug=model_type),
            exported=made_once(f"coffee_shop_{model_type}_{feature_set}", partial(learn_spring, **wanted)),
            dataset=None,
            at=NOON,
        )

    return do


@pytest.fixture
def learned(read, year, company, register):
    """The log as it was in spring, with a model that learned from it and serves; nobody was scored yet."""
    analysis = read(until(year, SPRING))
    configure_analysis(analysis=analysis, horizon_days=60, at=NOON)
    version = register(analysis)
    deploy_version(version=version, company=company, by=None, reason="It was trained.", at=NOON)
    analysis.refresh_from_db()
    return analysis


@pytest.fixture
def scored(learned, score):
    """The result of that model on that log."""
    return score(learned)
