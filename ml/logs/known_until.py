"""What the report of a training on a log says of time: up to when its model knows what happened."""

from __future__ import annotations

from datetime import datetime, timedelta


def learned_outcomes_until(evidence):
    """Return up to when, by the clock of its log, a version knows what became of its customers.

    Parameters
    ----------
    evidence : mapping
        The report of its training, as the manifest keeps it.

    Returns
    -------
    datetime or None
        None where outcomes came with the file: then nobody knows.

    Examples
    --------
    >>> days = {"horizon_days": 60, "gap_days": 7}
    >>> learned_outcomes_until({"definition": days, "registered_at_cutoff": "2024-01-01T00:00:00"}).date()
    datetime.date(2024, 3, 8)
    """
    definition = evidence.get("definition")
    if definition is None:
        return None
    days = definition["gap_days"] + definition["horizon_days"]
    return datetime.fromisoformat(evidence["registered_at_cutoff"]) + timedelta(days=days)
