"""The columns of a result on its page and in its workbook: called as their customer base calls them today."""

from collections.abc import Mapping
from functools import cached_property

from ml.logs.visits import say_visits
from ml.matrix.schemas import BLANK, OTHER
from predictions.engines.results import stored_name
from predictions.engines.words import Words
from predictions.models import Prediction

# What stands for many values of a file, or for none.
SPOKEN = {BLANK: "no value", OTHER: "any other"}


class ResultColumns:
    """The columns that a result shows, and the one that it is filtered by."""

    def __init__(self, prediction: Prediction):
        self.base, self.counts = prediction.population, prediction.result
        self.words, self.of_visits = Words(self.base.words), prediction.is_of_visits

    @property
    def shown(self) -> list[dict]:
        """Return ``name``, ``label`` and ``numeric`` of each column beside probability and tier."""
        return [column | {"label": self._heading(column)} for column in self.counts["shown"]]

    @property
    def group(self) -> dict | None:
        """Return ``label`` of the filter and its ``choices``, value by value what people call it."""
        group = self.counts.get("group")
        if group is None:
            return None
        choices = {
            value: SPOKEN.get(value) or self.value(group["feature"], value) for value in group["values"]
        }
        return {"label": self._label(group), "choices": choices}

    def value(self, column: str, value: object) -> object:
        """Return what people call a cell of a column of the table; a number or a day stays one."""
        if not isinstance(value, str):
            return value
        return self.words.value(self._features.get(column, column), value)

    def _heading(self, column: Mapping) -> str:
        feature = self._features.get(column["name"])
        if feature is None:
            return column["label"]
        if self.base.is_log:
            return say_visits(self.words.label(feature)) if self.of_visits else self.words.label(feature)
        return self.words.heading(feature, self._units.get(feature, ""))

    def _label(self, group: Mapping) -> str:
        feature = self._features.get(group["feature"])
        return group.get("label") or group["feature"] if feature is None else self.words.label(feature)

    @cached_property
    def _features(self) -> dict[str, str]:
        """By their names in the table, the columns of a file that a model reads, or the features of a log."""
        if self.base.is_log:
            return {stored_name(feature): feature for feature in self.base.words}
        return {stored_name(feature): feature for feature in self.base.features.features}

    @cached_property
    def _units(self) -> dict[str, str]:
        return {column.name: column.unit for column in self.base.features.numeric}
