"""What data and which model versions exist, how good they are, and which of them serves whom."""

from registry.models.datasets import Dataset
from registry.models.deployments import (
    FROM_THE_BEGINNING,
    DeploymentEvent,
    Gate,
    LedgerErasure,
    ModelDeployment,
    ModelDeploymentQuerySet,
    ShadowRun,
)
from registry.models.populations import Population
from registry.models.versions import ModelMetrics, ModelType, ModelVersion, ModelVersionQuerySet

__all__ = [
    "FROM_THE_BEGINNING",
    "Dataset",
    "DeploymentEvent",
    "Gate",
    "LedgerErasure",
    "ModelDeployment",
    "ModelDeploymentQuerySet",
    "ModelMetrics",
    "ModelType",
    "ModelVersion",
    "ModelVersionQuerySet",
    "Population",
    "ShadowRun",
]
