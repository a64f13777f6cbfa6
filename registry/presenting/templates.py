"""The file that a customer base reads, as a template to fill in."""

import csv
import io
from dataclasses import replace

from registry.models import Population
from tabular.snapshots.plan import SnapshotPlan, template_rows
from tabular.source.danger import harmless

# So that a spreadsheet reads letters beyond English ones right.
BOM = "\ufeff"


def template_csv(population: Population, *, purpose: str) -> bytes:
    """Return a CSV with the columns of a snapshot base, and examples where its own file had some.

    Parameters
    ----------
    purpose
        ``train`` has the outcome as well, ``predict`` has not.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(
        [harmless(cell) for cell in row] for row in _rows(population, purpose)
    )
    return f"{BOM}{text.getvalue()}".encode()


def _rows(population, purpose):
    if not population.reading:
        return [population.columns_of_file(with_outcome=purpose == "train")]
    plan, read = SnapshotPlan.from_dict(population.reading), set(population.features.features)
    # A column in which all customers were alike was never learned from, so no file needs it.
    columns = [
        replace(column, role="left out") if column.role == "feature" and column.name not in read else column
        for column in plan.columns
    ]
    return template_rows(replace(plan, columns=tuple(columns)), purpose=purpose)
