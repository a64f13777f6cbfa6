"""What people call the columns of a customer base, for the sentences that the engine writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ml.serving.explanation import Group, state_finding


@dataclass(frozen=True)
class Words:
    """The wording of a customer base.

    Parameters
    ----------
    wording
        By column ``{"label": text, "unit": text, "values": {value: text}}``, each part optional.
    dates
        The columns that a file has as dates and a model as days before the reference day.
    """

    wording: Mapping[str, dict]
    dates: frozenset[str] = frozenset()

    def label(self, column: str) -> str:
        """Return what people call a column; the first letter large, as it stands alone."""
        label = self.wording.get(column, {}).get("label")
        return label[0].upper() + label[1:] if label else column

    def heading(self, column: str, unit: str = "") -> str:
        """Return the same for a table: with what a number counts, `unit` where nobody said it."""
        label, unit = self.label(column), self.wording.get(column, {}).get("unit") or unit
        return f"{label}, {unit}" if unit else label

    def value(self, column: str, value: str) -> str:
        """Return what people call a value of a column."""
        return self.wording.get(column, {}).get("values", {}).get(value, value)

    def tell(self, column: str, groups: Sequence[Group]) -> str:
        """Say of a column whom of its groups a model expects to leave more often; empty where of none."""
        label = self.label(column)
        told = f"days since {label}" if column in self.dates else label
        named = [replace(group, label=self.value(column, group.label)) for group in groups]
        return state_finding(told, named).removesuffix(".")
