"""What operators see of the registry: each module registers its own rows."""

from registry.admin.companies import ModelFilter
from registry.admin.datasets import DatasetAdmin
from registry.admin.ledger import DeploymentEventAdmin, ModelDeploymentAdmin, ShadowRunAdmin
from registry.admin.model_types import ModelTypeAdmin
from registry.admin.populations import PopulationAdmin
from registry.admin.versions import ModelVersionAdmin, add_action, asking_why

__all__ = [
    "DatasetAdmin",
    "DeploymentEventAdmin",
    "ModelDeploymentAdmin",
    "ModelFilter",
    "ModelTypeAdmin",
    "ModelVersionAdmin",
    "PopulationAdmin",
    "ShadowRunAdmin",
    "add_action",
    "asking_why",
]
