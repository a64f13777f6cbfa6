"""Trainings on purchases had a table of their own: a database of those days is upgraded, and back."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from companies.tests.factories import DeveloperFactory
from jobs.models import Job
from jobs.tests.factories import JobFactory
from registry.tests.factories import NOON, ModelTypeFactory, ModelVersionFactory, PopulationFactory
from training.models import TrainingRun

BEFORE = [("training", "0004_data_sets_name_what_was_added")]
LEARNS = "training.learn_features"
DONE, BEGUN = uuid.UUID(int=1), uuid.UUID(int=2)
FIGURES = {
    "label_source": "given",
    "training_samples": 812,
    "churn_rate": 0.25,
    "report": {"split": "stratified", "warnings": ["Few customers."]},
}


def migrate(targets=None):
    executor = MigrationExecutor(connection)
    executor.migrate(targets or executor.loader.graph.leaf_nodes())
    return MigrationExecutor(connection).loader.project_state(targets).apps if targets else None


@pytest.fixture
def then():
    yield migrate(BEFORE)
    migrate()


@pytest.fixture
def landed(then):
    """Return who learned from purchases, as it stood: a training that is done, and one whose person left."""
    developer = DeveloperFactory()
    base = PopulationFactory(company=developer.company)
    version = ModelVersionFactory(company=developer.company, population=base)
    trainings = then.get_model("training", "FeatureTraining").objects
    same = {
        "company_id": developer.company_id,
        "population_id": base.pk,
        "model_type_id": version.model_type_id,
        "created_at": NOON,
    }
    trainings.create(
        id=DONE,
        job_id=_job(DONE, company=developer.company, account=developer.account).pk,
        version_id=version.pk,
        **FIGURES,
        **same,
    )
    trainings.create(id=BEGUN, job_id=_job(BEGUN, company=developer.company).pk, **same)
    return developer, version


def _job(training, **fields):
    return JobFactory(task=LEARNS, payload={"feature_training": str(training)}, **fields)


@pytest.mark.django_db(transaction=True)
def test_each_training_on_purchases_moves_with_what_came_of_it(landed):
    developer, version = landed

    migrate()

    done, begun = (TrainingRun.objects.of_purchases().get(uuid=each) for each in (DONE, BEGUN))
    assert (done.company, done.developer, done.created_at) == (developer.company, developer, NOON)
    assert {name: getattr(done, name) for name in FIGURES} == FIGURES
    assert version.training_run == done
    assert (begun.developer, begun.version, begun.report, begun.label_source) == (None, None, None, "")
    assert {run.job.payload["training_run"] for run in (done, begun)} == {str(DONE), str(BEGUN)}


@pytest.mark.django_db(transaction=True)
def test_the_way_back_brings_them_to_their_own_table(landed):
    _, version = landed
    migrate()

    earlier = migrate(BEFORE)

    trainings = earlier.get_model("training", "FeatureTraining").objects
    done = trainings.get(pk=DONE)
    assert (done.version_id, done.created_at) == (version.pk, NOON)
    assert {name: getattr(done, name) for name in FIGURES} == FIGURES
    assert trainings.count() == 2 and not earlier.get_model("training", "TrainingRun").objects.exists()
    assert Job.objects.get(pk=done.job_id).payload == {"feature_training": str(DONE)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("CUSTOMERS", {}),
        ("CUSTOMERS", {"input_data": {}, "report": {}}),
        ("CUSTOMERS", {"input_data": {}, "label_source": "given"}),
        ("PURCHASES", {"input_data": {}}),
        ("PURCHASES", {"number": 1}),
        ("", {}),
    ],
)
def test_a_training_has_nothing_of_the_other_kind(company, kind, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        TrainingRun.objects.create(
            kind=kind,
            company=company,
            population=PopulationFactory(company=company),
            job=JobFactory(company=company),
            model_type=ModelTypeFactory(),
            **fields,
        )
