"""The figures of versions side by side: each with its interval as a picture, and the best of each column.

The best is marked only among versions that were tried on the same customers. Whether a difference is more
than chance is what comparisons say.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.pictures import Range, ranges
from registry.models import ModelVersion
from registry.presenting.cards import interval_of
from registry.presenting.quality import Figure

LESS_IS_BETTER = {"Calibration error"}
# The figure of the picture: it ranks customers, whatever the threshold.
PICTURED = "AUC"
PLACES = 3


@dataclass(frozen=True)
class Cell:
    """One figure of one version; `range` is the picture of its interval, None where that is not known."""

    name: str
    value: float | None
    interval: dict | None
    range: Range | None
    is_best: bool


@dataclass(frozen=True)
class Row:
    """The figures of one version; those of `churners` end with the calibration error."""

    version: ModelVersion
    churners: list[Cell]
    weighted: list[Cell]

    @property
    def pictured(self) -> Cell | None:
        return next((cell for cell in self.weighted if cell.name == PICTURED and cell.range), None)


def rows_of(versions: Sequence[ModelVersion]) -> list[Row]:
    """Return the rows of a table; each version has its `quality` beside it, or None."""
    figures = {version: _figures(version) for version in versions if version.quality}
    columns = {name: _column(figures, name) for name in next(iter(figures.values()), {})}
    rows = []
    for version in versions:
        cells = {name: column[version] for name, column in columns.items() if version in column}
        weighted = {figure.name for figure in version.quality.weighted} if version.quality else set()
        rows.append(
            Row(
                version,
                [cell for name, cell in cells.items() if name not in weighted],
                [cell for name, cell in cells.items() if name in weighted],
            )
        )
    return rows


def _figures(version) -> dict[str, Figure]:
    quality = version.quality
    chosen = (*quality.churners[:3], *quality.calibration[:1], *quality.weighted)
    return {figure.name: figure for figure in chosen}


def _column(figures, name):
    values = {version: of[name].value for version, of in figures.items()}
    intervals = {version: interval_of(version.figures, name) for version in values}
    known = [version for version in values if intervals[version] and values[version] is not None]
    pictures = dict(zip(known, ranges([{"value": values[v], **intervals[v]} for v in known]), strict=True))
    best = _best(values, -1 if name in LESS_IS_BETTER else 1)
    return {
        version: Cell(name, value, intervals[version], pictures.get(version), version in best)
        for version, value in values.items()
    }


def _best(values, direction):
    """Return the versions with the best value as it is shown, among those tried on the same customers."""
    groups = {}
    for version, value in values.items():
        if value is not None:
            groups.setdefault(_tried_on(version), {})[version] = direction * round(value, PLACES)
    return {
        version
        for shown in groups.values()
        if len(set(shown.values())) > 1
        for version, value in shown.items()
        if value == max(shown.values())
    }


def _tried_on(version):
    # Who is held out follows from the table alone; the counts part versions that were judged on another part.
    quality = version.quality
    if version.training_dataset_id is None or quality.is_fitted_again:
        return version
    return version.training_dataset_id, quality.rows, quality.base_rate
