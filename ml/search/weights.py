"""By which figures the types of a search are ranked; read by pages too, so nothing is loaded for it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# The two orders that the sources of the product name: they differ in the last tenth.
WEIGHTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "advisor": MappingProxyType({"f1": 0.4, "recall": 0.3, "profit": 0.2, "stability": 0.1}),
        "section-5": MappingProxyType({"f1": 0.4, "recall": 0.3, "profit": 0.2, "speed": 0.1}),
    }
)
