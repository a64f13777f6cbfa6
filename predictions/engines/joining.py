"""How a log stands to those before it: it contains them, continues them, or neither. Knows no Django."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from ml.logs.features.duck import write_literal
from ml.logs.features.logs import open_log
from ml.logs.joined import connect, span_of, union_of
from ml.logs.profile.silence import is_closed
from predictions.engines.kinds import CONTAINS, CONTINUES, NEITHER

# Shops correct late what they sold; below this share of rows found again, it is another log.
SAME_FROM = 0.9
# A weekday without any purchase is one on which nobody sells where chance gives that less often.
CHANCE = 0.001
# By these a row of one log is found again in another, where both have them.
IDENTITY = ("customer_id", "event_at", "amount", "event_type")


class NothingNewer(ValueError):
    """The later log ends no later than the one before; the message says so to whoever sent it."""


@dataclass(frozen=True)
class Overlap:
    """How a log stands to what was known before it, by counts.

    Parameters
    ----------
    relation
        It contains what was known, continues it, or neither.
    rows_before, customers_before
        What was known.
    rows_in_span, rows_found
        Rows of before that lie in the days of the log, and how many of them it has as well.
    customers_found
        Customers of before who are in the log.
    days_missing
        Whole days between the end of what was known and the beginning of the log, without the weekdays on
        which nobody sells and without those on which nothing was open.
    missing
        All such days between any two of the logs.
    between
        The first and the last day of every stretch between two logs on which somebody could have sold,
        whether or not something was open.
    """

    relation: str
    rows_before: int
    customers_before: int
    rows_in_span: int
    rows_found: int
    customers_found: int
    days_missing: int
    missing: tuple[date, ...] = ()
    between: tuple[tuple[date, date], ...] = ()

    def to_dict(self) -> dict:
        return {name: value for name, value in vars(self).items() if name not in ("missing", "between")}


def compare_logs(
    events: Path,
    earlier: Sequence[Path],
    *,
    closed: Sequence[Sequence[str]] = (),
    folder: Path,
    memory_limit: str,
) -> Overlap:
    """Tell how the log `events` stands to `earlier`, the logs of the result before, the oldest first.

    Parameters
    ----------
    closed
        First and last days, in ISO form, on which nothing was open.

    Raises
    ------
    NothingNewer
        It ends no later than they do.
    """
    logs = [open_log(path) for path in (events, *earlier)]
    identity = ", ".join(name for name in IDENTITY if all(name in log.columns for log in logs))
    with connect(folder, memory_limit) as connection:
        connection.execute(f"CREATE VIEW later AS SELECT {identity} FROM ({logs[0].select()})")
        connection.execute(f"CREATE VIEW known AS {union_of(earlier, identity, connection)}")
        begins, ends = span_of(connection, "later")
        known_from, known_to = span_of(connection, "known")
        if ends <= known_to:
            # Both are the midnight after the last event.
            until, known_until = (f"{end - timedelta(days=1):%Y-%m-%d}" for end in (ends, known_to))
            raise NothingNewer(
                f"The log ends on {until}, and the one before on {known_until}: it has nothing newer. Send "
                "an export that was made later."
            )
        rows, customers = _ask(connection, "SELECT count(*), count(DISTINCT customer_id) FROM known")
        there = f"SELECT * FROM known WHERE event_at >= {write_literal(begins)}"
        (in_span,) = _ask(connection, f"SELECT count(*) FROM ({there})")
        (found,) = _ask(connection, f"SELECT count(*) FROM ({there} INTERSECT ALL SELECT * FROM later)")
        again = "SELECT customer_id FROM later INTERSECT SELECT customer_id FROM known"
        (known_again,) = _ask(connection, f"SELECT count(*) FROM ({again})")
        relation = _relation(begins, known_from, in_span, found, known_again)
        unknown = _unknown_days(connection, logs) if relation == CONTINUES else []
    iso = ((day, day.isoformat()) for days in unknown for day in days)
    missing = tuple(day for day, text in iso if not is_closed(text, text, closed))
    return Overlap(
        relation=relation,
        rows_before=rows,
        customers_before=customers,
        rows_in_span=in_span,
        rows_found=found,
        customers_found=known_again,
        days_missing=sum(known_to.date() <= day < begins.date() for day in missing),
        missing=missing,
        between=tuple((days[0], days[-1]) for days in unknown),
    )


def _unknown_days(connection, logs):
    """Return, per stretch between `logs`, the days that none has, without weekdays that never sell."""
    spans = sorted(span_of(connection, f"({log.select()})") for log in logs)
    closed, reached, found = _closed_weekdays(connection), spans[0][1], []
    for begins, ends in spans[1:]:
        days = (reached.date() + timedelta(days=n) for n in range((begins.date() - reached.date()).days))
        found.append([day for day in days if day.isoweekday() not in closed])
        reached = max(reached, ends)
    return [days for days in found if days]


def _closed_weekdays(connection):
    """Return the weekdays, Monday as 1, on which nothing happens, in so many weeks that it is no chance."""
    days = "SELECT DISTINCT event_at::DATE AS day FROM (SELECT * FROM known UNION ALL SELECT * FROM later)"
    weeks, busy, open_on = _ask(
        connection,
        f"SELECT count(DISTINCT date_trunc('week', day)), count(*), list(DISTINCT isodow(day)) FROM ({days})",
    )
    if (1 - busy / (7 * weeks)) ** weeks >= CHANCE:
        return set()
    return set(range(1, 8)) - set(open_on)


def _relation(begins, known_from, in_span, found, customers_found):
    is_same = found >= SAME_FROM * in_span if in_span else customers_found > 0
    if not is_same:
        return NEITHER
    return CONTAINS if begins <= known_from else CONTINUES


def _ask(connection, sql) -> tuple:
    [row] = connection.execute(sql).fetchall()
    return row
