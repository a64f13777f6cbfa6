"""A database of the days before customer bases is brought up to date, and back."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from companies.tests.factories import CompanyFactory
from jobs.tests.factories import JobFactory
from registry.models import Dataset, DeploymentEvent, ModelVersion, Population
from registry.selectors import champion_of, telecom_base
from registry.tests.factories import NOON
from registry.tests.landed import version_of
from training.models import TrainingRun
from transactions.models import AnalysisSession

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = [
    ("registry", "0009_shadow_runs"),
    ("predictions", "0003_people_take_their_predictions_along"),
    ("training", "0002_trainings_on_features"),
    ("transactions", "0003_name_feature_sets"),
]


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
    """Return a company with a telecom champion, a log, what was learned from it, and a training of a deleted
    one.
    """
    company = CompanyFactory()
    datasets = then.get_model("registry", "Dataset").objects
    table = datasets.create(company_id=company.pk, name="combinedDataset1", file_path="a", is_combined=True)
    log = datasets.create(
        company_id=company.pk, name="March", file_path="b", dataset_type="raw", schema_name="purchase_log"
    )
    features = datasets.create(
        company_id=company.pk, name="March: retail_v2", file_path="c", dataset_type="features",
        schema_name="retail_v2",
    )  # fmt: skip
    retrained = version_of(then, company, 2, training_dataset=table)
    learned = version_of(
        then, company, 2, slug="random_forest", training_dataset=features, schema_name="retail_v2",
        created_at=NOON + timedelta(hours=1),
    )  # fmt: skip
    champion = then.get_model("registry", "ModelDeployment").objects.create(
        company_id=company.pk, model=retrained, is_active=True, active_slot=True, champion_slot=True,
        role="CHAMPION", deployed_at=NOON,
    )  # fmt: skip
    then.get_model("registry", "DeploymentEvent").objects.create(
        company_id=company.pk, sequence=1, action="DEPLOYED", version=retrained, deployment=champion,
        role="CHAMPION", reason="It is better.", actor_name="Dana", at=NOON,
    )  # fmt: skip
    then.get_model("transactions", "AnalysisSession").objects.create(
        company_id=company.pk, dataset=log, horizon_days=60, configured_at=NOON
    )
    orphan = CompanyFactory()
    for each, name in ((company, "FeatureTraining"), (company, "TrainingRun"), (orphan, "FeatureTraining")):
        rows = then.get_model("training", name).objects
        more = {"input_data": {}} if name == "TrainingRun" else {}
        rows.create(
            company_id=each.pk,
            job_id=JobFactory(company=each).pk,
            model_type_id=learned.model_type_id,
            **more,
        )
    return company, orphan, retrained.pk, learned.pk


def test_every_row_finds_its_base(landed):
    company, orphan, retrained, learned = landed

    migrate()

    purchases = Population.objects.get(company=company)
    assert (purchases.name, purchases.kind) == ("Purchases", "LOG")
    assert purchases.deploys_after_training
    assert purchases.definition == {"horizon_days": 60, "gap_days": 0, "active_window_days": None}
    assert ModelVersion.objects.get(pk=retrained).population == telecom_base()
    assert ModelVersion.objects.get(pk=learned).population == purchases
    assert set(Dataset.objects.values_list("name", "population")) == {
        ("combinedDataset1", telecom_base().pk),
        ("March", purchases.pk),
        ("March: retail_v2", purchases.pk),
    }
    assert champion_of(company, telecom_base()).model_id == retrained
    assert champion_of(company, purchases).model_id == learned
    line = DeploymentEvent.objects.get(version=learned)
    assert (line.sequence, line.population) == (2, purchases)
    assert DeploymentEvent.objects.get(version=retrained).population == telecom_base()
    assert AnalysisSession.objects.get().population == purchases
    assert TrainingRun.objects.get(kind="CUSTOMERS").population == telecom_base()
    assert TrainingRun.objects.get(company=company, kind="PURCHASES").population == purchases
    assert TrainingRun.objects.get(company=orphan).population.company == orphan


def test_the_way_back_says_again_what_each_row_reads(landed):
    company, _, retrained, learned = landed
    migrate()
    base = Population.objects.get(company=company)
    # Numbers of their own, and a champion of their own: neither had room before.
    ModelVersion.objects.filter(pk=learned).update(
        model_type=ModelVersion.objects.get(pk=retrained).model_type
    )
    assert champion_of(company, base).model_id == learned

    earlier = migrate(BEFORE)

    versions = earlier.get_model("registry", "ModelVersion").objects
    assert versions.get(pk=learned).schema_name == "retail_v2"
    assert versions.get(pk=retrained).schema_name == "telco_v1"
    assert (versions.get(pk=retrained).number, versions.get(pk=learned).number) == (2, 3)
    assert dict(earlier.get_model("registry", "Dataset").objects.values_list("name", "schema_name")) == {
        "combinedDataset1": "telco_v1",
        "March": "purchase_log",
        "March: retail_v2": "retail_v2",
    }
    champions = earlier.get_model("registry", "ModelDeployment").objects.filter(champion_slot=True)
    assert [row.model_id for row in champions] == [retrained]
