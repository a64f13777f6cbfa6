"""The smallest valid rows. Versions made here have no files: tests that load one take `default_versions`."""

from datetime import UTC, datetime

import factory

from companies.tests.factories import CompanyFactory
from registry.models import Dataset, ModelDeployment, ModelMetrics, ModelType, ModelVersion

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


class DatasetFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Dataset

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
    """A version of a company, or with `default=True` one that belongs to everybody."""

    class Meta:
        model = ModelVersion

    class Params:
        default = factory.Trait(
            company=None,
            is_default=True,
            number=1,
            default_slot=factory.LazyAttribute(lambda row: row.model_type.slug),
        )

    model_type = factory.SubFactory(ModelTypeFactory)
    company = factory.SubFactory(CompanyFactory)
    name = factory.LazyAttribute(lambda row: row.model_type.name)
    number = factory.Sequence(lambda n: n + 2)
    version = factory.LazyAttribute(lambda row: f"v{row.number}")
    file_path = factory.LazyAttribute(
        lambda row: (
            f"models/retrained_models/{row.company.pk}/{row.model_type.slug}_v{row.number}.pkl"
            if row.company
            else f"models/default_models/{row.model_type.slug}.pkl"
        )
    )
    is_default = False
    manifest_sha256 = "0" * 64
    signature = "0" * 64
    created_at = NOON


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
    is_active = True
    active_slot = True
    deployed_at = NOON
