"""From which day the dates of one file are counted back, and what is odd about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pyarrow as pa

from tabular.errors import counted
from tabular.source.parse import Parsed
from tabular.source.spec import FIRST_REFERENCE
from tabular.values.schema import Column, TableSchema

# A few dates behind so many days without any are passed over, where as many days before those had dates on
# many, and far more of them.
FEWEST_EMPTY, FEWEST_BEFORE, MOST_BEHIND = 28, 14, 0.02


def say_day(day: date) -> str:
    """Return a day as people write it.

    Examples
    --------
    >>> say_day(date(2026, 11, 3))
    '3 Nov 2026'
    """
    return f"{day.day} {day:%b %Y}"


class AgeTally:
    """The dates of one file, of all columns of ages together.

    One day is the reference of them all: the one that a person stated, or else the latest date that lies not
    after `today`, or the reference of the schema where that is later. So one mistyped year moves nobody but
    its own customer, and the customers of one file are always as old as each other's dates say. Only of a
    stated day a part of a file is as old as the whole.

    Parameters
    ----------
    today
        The day on which the file came. A later date lies in the future, which is legal and a negative age,
        but no date is counted from there. None where nobody knows the day: then any date may be the latest.
    stated
        The day as of which the customers are meant, where somebody said it.
    """

    def __init__(self, schema: TableSchema, today: date | None, stated: date | None = None):
        self.columns = [column for column in schema.columns if column.kind == "age"]
        self.known, self.today, self.stated = schema.reference, today, stated
        self.first = schema.reference or FIRST_REFERENCE
        self.days: dict[str, Counter] = {}
        # Of each column the first date after the day that no reference is later than, with its row.
        self.ahead: dict[str, tuple[int, date]] = {}
        # The latest date that is no future: its age, column and row.
        self.latest: tuple[int, str, int] | None = None

    def take(self, parsed: Parsed) -> None:
        """Count the dates of one block."""
        self.__dict__.pop("_end_before_strays", None)
        for column in self.columns:
            if column.name in parsed.columns:
                self._take(column.name, parsed.columns[column.name], parsed.lines)

    def _take(self, name: str, ages: pa.Array, lines: np.ndarray) -> None:
        known = ~ages.is_null().to_numpy(zero_copy_only=False)
        days = ages.to_numpy(zero_copy_only=False)[known].astype(np.int64)
        values, rows = np.unique(days, return_counts=True)
        seen = self.days.setdefault(name, Counter())
        seen.update(dict(zip(values.tolist(), rows.tolist(), strict=True)))
        past = np.flatnonzero(days >= self._least)
        if len(past) and (self.latest is None or days[past].min() < self.latest[0]):
            at = past[np.argmin(days[past])]
            self.latest = (int(days[at]), name, int(lines[known][at]))
        if name not in self.ahead and len(ahead := np.flatnonzero(days < self._least)):
            at = ahead[0]
            self.ahead[name] = (int(lines[known][at]), self._day(int(days[at])))

    @property
    def _least(self) -> float:
        """The age, as it is counted while reading, of the last day that is no future."""
        if self.stated:
            return (self.first - self.stated).days
        ends = max(filter(None, (self.today, self.known)), default=None) if self.today else None
        return (self.first - ends).days if ends else -np.inf

    def _day(self, age: int) -> date:
        return self.first - timedelta(days=age)

    @property
    def reference(self) -> date | None:
        """The day from which all dates are counted back; None in a file without any."""
        if self.stated:
            return self.stated
        if not any(self.days.values()):
            return self.known
        latest = (self._end_before_strays or self.latest or [None])[0]
        days = [day for day in (self.known, None if latest is None else self._day(latest)) if day]
        return max(days, default=self.today)

    def out_of_range(self) -> dict[str, dict]:
        """Return how many dates are older or younger than those a model learned from, and which."""
        reference = self.reference
        shift = (reference - self.first).days if reference else 0
        return {column.name: found for column in self.columns if (found := self._unusual(column, shift))}

    def _unusual(self, column: Column, shift: int) -> dict | None:
        low, high = column.usual_minimum, column.usual_maximum
        odd = {
            age + shift: rows
            for age, rows in self.days.get(column.name, {}).items()
            if (low is not None and age + shift < low) or (high is not None and age + shift > high)
        }
        if not odd:
            return None
        youngest, oldest = min(odd), max(odd)
        return {
            "rows": sum(odd.values()),
            "minimum": float(youngest),
            "maximum": float(oldest),
            "earliest": self._day(oldest - shift).isoformat(),
            "latest": self._day(youngest - shift).isoformat(),
        }

    def warnings(self) -> Iterator[str]:
        """Yield in sentences from which day dates are counted, and which lie after it."""
        reference = self.reference
        if reference is None or not any(self.days.values()):
            return
        yield f"Dates are counted back from {say_day(reference)}, {self._what_it_is(reference)}."
        yield from self._doubt()
        for name, (line, day) in self.ahead.items():
            ahead = sum(rows for age, rows in self.days[name].items() if age < self._least)
            yield (
                f"Column {name}: {counted(ahead, 'date lies', 'dates lie')} after {say_day(reference)}, the "
                f"day from which dates are counted: e.g. row {line:,}, {say_day(day)}."
            )
        for name, found in self.out_of_range().items():
            days = [say_day(date.fromisoformat(found[end])) for end in ("earliest", "latest")]
            yield (
                f"Column {name}: {counted(found['rows'], 'date')} older or younger than all that were "
                f"learned from: {' to '.join(dict.fromkeys(days))}."
            )

    def _doubt(self) -> Iterator[str]:
        """Yield that a few of the dates may be mistyped, and that none is counted from there."""
        if not self.stated and (end := self._end_before_strays):
            age, rows = end
            latest, name, line = self.latest
            yield (
                f"{counted(rows, 'date lies', 'dates lie')} far behind all others, which end on "
                f"{say_day(self._day(age))}: e.g. column {name}, row {line:,}, {say_day(self._day(latest))}, "
                f"{age - latest:,} days later. Dates are not counted from there. Correct what is mistyped; "
                "where it is right, state for a prediction the day as of which the customers are meant."
            )

    @cached_property
    def _end_before_strays(self) -> tuple[int, int] | None:
        """The age of the latest date that is not doubted, and how many are; None without a doubt."""
        all_days = sum(self.days.values(), Counter())
        ages = np.array(sorted(age for age in all_days if age >= self._least))
        total = np.cumsum([all_days[age] for age in ages.tolist()])
        found = None
        for at in np.flatnonzero(np.diff(ages) > FEWEST_EMPTY).tolist():
            behind, empty = int(total[at]), int(ages[at + 1] - ages[at])
            last = int(np.searchsorted(ages, ages[at + 1] + empty))
            before = total[last - 1] - behind
            if last - 1 - at >= FEWEST_BEFORE and behind <= MOST_BEHIND * before:
                found = int(ages[at + 1]), behind
        return found

    def _what_it_is(self, reference: date) -> str:
        if self.stated:
            return "the day that was stated"
        stands = any((self.first - reference).days in seen for seen in self.days.values())
        if stands:
            future = " that does not lie in the future" if self.ahead else ""
            others = " but for those far behind it" if self._end_before_strays else ""
            return f"the latest date in the file{others}{future}"
        if reference == self.known:
            but = " that does not lie in the future" if self.ahead else ""
            return (
                f"the latest date in the table that was learned from first; this file has no later one{but}"
            )
        return "the day on which the file came"
