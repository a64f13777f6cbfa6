"""The smallest valid rows. A version made here has a signed manifest and nothing that scores: tests that
predict take `default_versions`.
"""

import json
import uuid
from datetime import UTC, datetime

import factory

from companies.tests.factories import CompanyFactory
from ml.matrix.telco import TELCO_V1
from registry.artefacts import sign_version, stem_for, stem_of, write_artefacts
from registry.engines.files import MANIFEST, MODEL, SIGNATURE, sha256
from registry.models import (
    Dataset,
    ModelDeployment,
    ModelMetrics,
    ModelType,
    ModelVersion,
    Population,
    ShadowRun,
)
from registry.selectors import telecom_base

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

CURVES = {
    "roc": {"false_positive_rate": [0.0, 0.1, 1.0], "true_positive_rate": [0.0, 0.6, 1.0]},
    "precision_recall": {"precision": [0.26, 0.7, 1.0], "recall": [1.0, 0.6, 0.0]},
    "confusion": {"true_negative": 857, "false_positive": 90, "false_negative": 155, "true_positive": 185},
    "calibration": {
        "bins": [
            {"rows": 640, "mean_probability": 0.1, "churn_rate": 0.11},
            {"rows": 647, "mean_probability": 0.45, "churn_rate": 0.42},
        ],
        "ece": 0.02,
        "mean_probability": 0.27,
        "churn_rate": 0.264,
    },
    "churners": {
        "precision": 0.673,
        "recall": 0.544,
        "f1": 0.602,
        "average_precision": 0.66,
        "base_rate": 0.264,
        "auc": 0.85,
    },
    "brier": 0.135,
    "log_loss": 0.42,
    "threshold": 0.5,
    "rows": 1287,
    "importance": [{"feature": "Contract", "importance": 0.05}, {"feature": "tenure", "importance": 0.04}],
}


MANIFEST_BYTES = json.dumps(
    {
        "schema": TELCO_V1.to_dict(),
        "observed": {column.name: [0.0, 100.0] for column in TELCO_V1.numeric},
        "parameters": {},
        "seeds": {"training": 42},
        "split": {"train_rows": 5148, "test_rows": 1287},
        "versions": {},
    }
).encode()


class PopulationFactory(factory.django.DjangoModelFactory):
    """The purchases of a company, or with `snapshot=True` a table of customers of its own."""

    class Meta:
        model = Population

    class Params:
        snapshot = factory.Trait(
            kind=Population.Kind.SNAPSHOT,
            schema=TELCO_V1.to_dict() | {"name": "gym"},
            roles={"id": "customerID", "outcome": "Churn", "left": "Yes"},
        )

    company = factory.SubFactory(CompanyFactory)
    name = factory.Sequence(lambda n: f"Base {n}")
    kind = Population.Kind.LOG
    created_at = NOON


class DatasetFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Dataset

    population = factory.LazyFunction(telecom_base)

    name = factory.Sequence(lambda n: f"dataset {n}")
    file_path = factory.Sequence(lambda n: f"datasets/dev/uploadToRetrain/{n}.csv")
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    created_at = NOON


class ModelTypeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ModelType
        django_get_or_create = ("slug",)

    slug = "neural_network"
    name = factory.LazyAttribute(lambda row: row.slug.replace("_", " ").title())


class ModelVersionFactory(factory.django.DjangoModelFactory):
    """A version of a company, or with `default=True` one that belongs to everybody.

    Without files (`files=False`) it is damaged as soon as somebody looks.
    """

    class Meta:
        model = ModelVersion
        skip_postgeneration_save = True

    class Params:
        default = factory.Trait(
            company=None,
            is_default=True,
            number=1,
            default_slot=factory.LazyAttribute(lambda row: row.model_type.slug),
        )

    model_type = factory.SubFactory(ModelTypeFactory)
    population = factory.LazyFunction(telecom_base)
    company = factory.SubFactory(CompanyFactory)
    name = factory.LazyAttribute(lambda row: row.model_type.name)
    number = factory.Sequence(lambda n: n + 2)
    version = factory.LazyAttribute(lambda row: f"v{row.number}")
    file_path = factory.LazyAttribute(
        lambda row: (
            stem_for(
                model_type=row.model_type.slug,
                number=row.number,
                company_id=row.company.pk if row.company else None,
                base=str(row.population.uuid) if row.population.company_id else "",
            )
            + MODEL
        )
    )
    is_default = False
    file_hashes = factory.LazyFunction(lambda: {MANIFEST: sha256(MANIFEST_BYTES)})
    manifest_sha256 = sha256(MANIFEST_BYTES)
    signature = factory.LazyAttribute(
        lambda row: sign_version(
            company_id=row.company.pk if row.company else None,
            model_type=row.model_type.slug,
            version=row.version,
            hashes=row.file_hashes,
        )
    )
    created_at = NOON

    @factory.post_generation
    def files(version, create, given, **kwargs):
        if create and given is not False:
            payloads = {MANIFEST: MANIFEST_BYTES, SIGNATURE: version.signature.encode()}
            write_artefacts(stem_of(version), payloads)


class ModelMetricsFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ModelMetrics

    model = factory.SubFactory(ModelVersionFactory)
    accuracy = 0.8096
    auc_roc = 0.8503
    precision = 0.8008
    recall = 0.8096
    f1_score = 0.8027
    additional_metrics = CURVES
    created_at = NOON


class ModelDeploymentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ModelDeployment

    model = factory.SubFactory(ModelVersionFactory)
    company = factory.LazyAttribute(lambda row: row.model.company)
    population = factory.LazyAttribute(lambda row: row.model.population)
    is_active = True
    active_slot = True
    deployed_at = NOON


class ShadowRunFactory(factory.django.DjangoModelFactory):
    """A batch on which the challenger and the version that was used disagree about one customer in twenty."""

    class Meta:
        model = ShadowRun

    class Params:
        failed = factory.Trait(
            failure="It could not score these customers.",
            customers=None,
            newly_leaving=None,
            newly_staying=None,
            mean_difference=None,
            distribution=None,
        )

    company = factory.LazyAttribute(lambda row: row.challenger.company)
    population = factory.LazyAttribute(lambda row: row.challenger.population)
    version = factory.LazyAttribute(lambda row: row.challenger.model)
    batch = factory.LazyFunction(uuid.uuid4)
    batch_name = factory.Sequence(lambda n: f"Batch {n}")
    at = NOON
    customers = 1000
    newly_leaving = 30
    newly_staying = 20
    mean_difference = 0.041
    distribution = factory.LazyFunction(
        lambda: {"thresholds": [0.5, 0.4], "used": [50] * 20, "challenger": [0] * 10 + [100] * 10}
    )
