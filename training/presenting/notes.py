"""What is said of a company's own table that was checked: what is left out of it and why, and its remarks."""

from collections import defaultdict
from collections.abc import Mapping

from tabular.errors import shown
from tabular.snapshots.check import CheckReport
from tabular.snapshots.inference import Inferred
from tabular.snapshots.plan import SnapshotPlan

# So many columns are named that are left out for one reason.
MOST_NAMED = 5


def notes_on(
    plan: SnapshotPlan, report: CheckReport, inferred: Inferred, not_learned: Mapping[str, str]
) -> tuple[str, ...]:
    """Return what should be known of a table before anything is learned from it.

    Parameters
    ----------
    not_learned
        By column, why no model can learn from it.
    """
    notes = [f"{shown(column)} is not learned from. {why}" for column, why in not_learned.items()]
    if not plan.has_ids:
        notes.append(inferred.id_reason if inferred.id_column is None else _called_after_rows())
    return (*notes, *_say_left_out(plan, inferred), *report.warnings)


def _say_left_out(plan, inferred):
    """Say which columns are left out because that was suggested, and why: whoever chose it knows."""
    reasons = defaultdict(list)
    for column in plan.columns:
        if column.role == "left out" and inferred.column(column.name).role == "left out":
            reasons[inferred.column(column.name).role_reason].append(shown(column.name))
    for reason, names in reasons.items():
        rest = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
        yield f"Left out: {', '.join(names[:MOST_NAMED])}{rest}. {reason}"


def _called_after_rows():
    return "No column names the customers, so each is called after its row, such as Row 17."
