"""Who left: from the purchases after a cutoff, or from a column of the log."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from ml.logs.features.logs import open_log, quote, to_cutoff
from ml.logs.rates import days_since

ACTIVE, LAPSED = "active", "lapsed"
CHURN_DEFINITION, GIVEN = "churn_definition", "given"


class OutcomeNotOver(ValueError):
    """The log ends before the outcome window does: who has not bought yet may still buy."""


@dataclass(frozen=True)
class LabelReport:
    """Who was labelled, and how.

    Attributes
    ----------
    source : {"churn_definition", "given"}
    customers : int
        In the file.
    active : int
        Labelled: who still was a customer at the cutoff.
    lapsed : int
        Silent for the active window or longer by the cutoff: listed without a label, and never scored as a
        risk.
    churned : int
        Of the active.
    churn_rate : float or None
        churned / active.
    conflicts : int
        Customers on whose rows a given label is both 0 and 1; they count as churned.
    as_of : datetime or None
        The cutoff, by the clock of the log.
    active_window_days : int or None
    warnings : tuple of str
    """

    source: str
    customers: int
    active: int
    lapsed: int
    churned: int
    churn_rate: float | None
    conflicts: int = 0
    as_of: datetime | None = None
    active_window_days: int | None = None
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict:
        """Return plain text, numbers and lists, ready for JSON."""
        found = asdict(self) | {"warnings": list(self.warnings)}
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()
        }


def latest_cutoff(events, *, horizon_days, gap_days=0):
    """Return the latest midnight whose outcome window is over when the log ends.

    Parameters
    ----------
    events : Path, list of Path or CsvLog
        Canonical events. The log is taken to be complete up to the end of its last day.
    horizon_days, gap_days : int

    Returns
    -------
    datetime
    """
    end = _end(open_log(events))
    return end - timedelta(days=horizon_days + gap_days)


def label_customers(events, *, as_of, horizon_days, gap_days=0, active_window_days=None, target):
    """Write who churned by the churn definition: no purchase in the outcome window.

    The outcome window is [as_of + gap, as_of + gap + horizon). Customers are those with a purchase before
    `as_of`; active are those with one in [as_of - active window, as_of). Returns are no purchases.

    Parameters
    ----------
    events : Path, list of Path or CsvLog
        Canonical events.
    as_of : datetime or date
    horizon_days : int
        At least 1.
    gap_days : int
        Days after the cutoff in which nothing counts, for acting takes time.
    active_window_days : int, optional
        The horizon by default: who was silent for that long has already churned.
    target : Path
        Parquet file to write: customer_id, churned (int8, empty for the lapsed), status ("active" or
        "lapsed").

    Returns
    -------
    LabelReport

    Raises
    ------
    OutcomeNotOver
        The log ends within the outcome window.
    ValueError
        A number of days is out of its range, or nobody bought before the cutoff.
    """
    active_window_days = horizon_days if active_window_days is None else active_window_days
    for name, days, least in (
        ("horizon_days", horizon_days, 1),
        ("gap_days", gap_days, 0),
        ("active_window_days", active_window_days, 1),
    ):
        if days < least:
            raise ValueError(f"{name} must be at least {least}, got {days}.")
    log, cutoff = open_log(events), to_cutoff(as_of)
    start = cutoff + timedelta(days=gap_days)
    end = start + timedelta(days=horizon_days)
    log_end = _end(log)
    if log_end < end:
        raise OutcomeNotOver(
            f"The outcome window ends on {end:%Y-%m-%d}, and the log on {log_end:%Y-%m-%d}: by then nobody "
            f"can be "
            f"said to have left. The latest cutoff for these days is {log_end - (end - cutoff):%Y-%m-%d}."
        )
    sql = _compile_labels(log.columns, cutoff, cutoff - timedelta(days=active_window_days), start, end)
    rows, active, churned = _write(log, sql, target)
    if not rows:
        raise ValueError(f"No customer has a purchase before {cutoff:%Y-%m-%d %H:%M}.")
    return LabelReport(
        source=CHURN_DEFINITION,
        customers=rows,
        active=active,
        lapsed=rows - active,
        churned=churned,
        churn_rate=churned / active if active else None,
        as_of=cutoff,
        active_window_days=active_window_days,
    )


def find_lapsed(events, *, as_of, horizon_days, gap_days, active_window_days):
    """Return who had lapsed at a cutoff, by days of silence, and who of them bought nothing after it.

    Parameters
    ----------
    events, as_of, horizon_days, gap_days, active_window_days
        As for `label_customers`.

    Returns
    -------
    days, labels : ndarray of int, shape (n_lapsed,)
    """
    log, cutoff = open_log(events), to_cutoff(as_of)
    start = cutoff + timedelta(days=gap_days)
    end = start + timedelta(days=horizon_days)
    sql = _compile_lapsed(log.columns, cutoff, cutoff - timedelta(days=active_window_days), start, end)
    with _open(log) as connection:
        found = connection.execute(sql).fetchnumpy()
    return days_since(found["latest"], cutoff), found["churned"]


def read_given_labels(events, *, target):
    """Write who churned by the column `label` of the log: 1 where any row of the customer says so.

    Parameters
    ----------
    events : Path, list of Path or CsvLog
        Canonical events with the column label (0, 1 or empty).
    target : Path
        Parquet file to write: customer_id, churned (int8), status ("active"). Customers without a label are
        left out.

    Returns
    -------
    LabelReport

    Raises
    ------
    ValueError
        There is no such column, it is empty, or it holds something else than 0 and 1.
    """
    log = open_log(events)
    if "label" not in log.columns:
        raise ValueError("The log has no column label.")
    rows, active, churned = _write(log, _compile_given(log.columns), target)
    if not rows:
        raise ValueError("No row of the log has a label.")
    conflicts, wrong = _query(
        log,
        "SELECT count(*) FILTER (WHERE low < high), count(*) FILTER (WHERE low < 0 OR high > 1) FROM "
        "(SELECT min(label) AS low, max(label) AS high FROM events GROUP BY customer_id)",
    )
    if wrong:
        Path(target).unlink()
        raise ValueError(f"A label must be 0 or 1: {wrong:,} customers have another one.")
    warnings = ()
    if conflicts:
        warnings = (
            f"{conflicts:,} customers have rows labelled 0 and rows labelled 1; they count as churned.",
        )
    return LabelReport(
        source=GIVEN,
        customers=rows,
        active=active,
        lapsed=0,
        churned=churned,
        churn_rate=churned / active,
        conflicts=conflicts,
        warnings=warnings,
    )


def _customers(columns, as_of, start, end):
    """Return who bought before the cutoff: the latest time, and whether it happened again in the window."""
    import ibis

    from ml.logs.features.terms import PURCHASE, open_events, take

    events = open_events(columns)
    at = events.event_at
    purchases = events.filter(events.event_type == PURCHASE, at < ibis.literal(end))
    at = purchases.event_at
    customers = purchases.group_by("customer_id").agg(
        first=at.min(),
        latest=at.max(where=at < ibis.literal(as_of)),
        bought=take(at >= ibis.literal(start), 1).max(),
    )
    return customers.filter(customers.first < ibis.literal(as_of))


def _compile_lapsed(columns, as_of, active_from, start, end):
    import ibis

    customers = _customers(columns, as_of, start, end)
    lapsed = customers.filter(customers.latest < ibis.literal(active_from))
    left = (1 - lapsed.bought).cast("int64")
    return str(ibis.to_sql(lapsed.select("latest", churned=left), dialect="duckdb"))


def _compile_labels(columns, as_of, active_from, start, end):
    import ibis

    customers = _customers(columns, as_of, start, end)
    is_active = customers.latest >= ibis.literal(active_from)
    labelled = customers.select(
        "customer_id",
        churned=ibis.cases((is_active, 1 - customers.bought)).cast("int8"),
        status=ibis.cases((is_active, ACTIVE), else_=LAPSED),
    )
    return str(ibis.to_sql(labelled.order_by("customer_id"), dialect="duckdb"))


def _compile_given(columns):
    import ibis

    from ml.logs.features.terms import open_events

    events = open_events(columns)
    labelled = events.filter(events.label.notnull()).group_by("customer_id").agg(churned=ibis._.label.max())
    labelled = labelled.select("customer_id", "churned", status=ibis.literal(ACTIVE))
    return str(ibis.to_sql(labelled.order_by("customer_id"), dialect="duckdb"))


def _write(log, sql, target):
    with _open(log) as connection:
        connection.execute(f"COPY ({sql}) TO {quote(target)} (FORMAT parquet, COMPRESSION zstd)")
        counts = "count(*), count(churned), coalesce(sum(churned), 0)::BIGINT"
        return connection.execute(f"SELECT {counts} FROM read_parquet({quote(target)})").fetchone()


def _query(log, sql):
    with _open(log) as connection:
        return connection.execute(sql).fetchone()


@contextmanager
def _open(log):
    from ml.logs.features.duck import connect

    with TemporaryDirectory() as folder, connect(Path(folder)) as connection:
        connection.execute(f"CREATE TEMP VIEW events AS {log.select()}")
        yield connection


def _end(log):
    """Midnight after the last day of the log."""
    (latest,) = _query(log, "SELECT max(event_at) FROM events")
    if latest is None:
        raise ValueError("The log is empty.")
    return datetime(latest.year, latest.month, latest.day) + timedelta(days=1)
