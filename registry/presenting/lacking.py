"""Why a version cannot read a purchase log, where that is certain before it tries."""

from collections.abc import Collection

from registry.models import ModelVersion


def what_it_lacks(version: ModelVersion, *, columns: Collection[str] | None, of_visits: bool) -> str:
    """Say which columns a log lacks that `version` learned from; empty where it can be read, or nobody knows.

    Parameters
    ----------
    columns
        What the log has, by canonical names; None where nobody knows.
    of_visits
        Whether the log is one of visits.
    """
    if columns is None:
        return ""
    learned = version.figures.get("log_columns")
    if learned is None:
        # A version of earlier days does not say which columns it needs; what it counts, it does.
        mixed = of_visits and not version.is_of_visits
        return f"{version} learned from purchases, and this log has visits without amounts." if mixed else ""
    missing = [name for name in learned if name not in columns and name != "label"]
    if not missing:
        return ""
    lacks = "columns" if len(missing) > 1 else "a column"
    return f"{version} learned from {lacks} that this log does not have: {', '.join(missing)}."
