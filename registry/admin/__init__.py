"""What operators see of the registry: each module registers its own rows."""

from registry.admin.populations import PopulationAdmin
from registry.admin.versions import ModelVersionAdmin

__all__ = ["ModelVersionAdmin", "PopulationAdmin"]
