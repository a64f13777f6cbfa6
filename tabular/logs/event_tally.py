"""The account of an import: every row counted once, oddities said aloud."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.errors import TableError, counted, place, shown
from tabular.logs.distinct import Distinct
from tabular.logs.event_spec import EventSpec
from tabular.logs.event_values import Events
from tabular.logs.orders import OrderCounter
from tabular.source.duplicates import FIXED_SEED, hash_texts
from tabular.source.odd_ids import OddIds
from tabular.source.sentences import alike_ids, equal_rows, say_words, shortened_codes

# A log this short shows hardly anybody staying away.
SHORT_DAYS = 60
NO_AMOUNTS = (
    "No column says what was paid, so each row counts as a {} and nothing is said about money. If one does, "
    "choose it as the amount."
)
# With more rows than this share of which only the day is known, nothing is said about times of day: each of
# them would count as bought at midnight, and never in the evening.
FEW_TIMELESS = 0.05


@dataclass(frozen=True)
class ImportReport:
    """What became of a purchase log: ``rows_in == accepted + duplicates + rejected``.

    Parameters
    ----------
    duplicates
        Rows equal to an earlier one in every cell; counted once.
    rejected, rejected_by_reason
        Rows that are no events, and how many for which kind of mistake; all are listed in the rejects.
    missing_ids
        Those of the rejected that name no customer.
    returns
        Accepted rows with the type ``return``; `cancellations` are those of cancelled orders.
    event_types, customers, first_at, last_at, has_time
        Of the accepted rows; moments as ISO text.
    columns
        Which column of the file plays which role.
    optional_columns
        Columns of the events beyond the four that are always there.
    missing
        Blank cells by role, in all rows that could be read.
    label_conflicts
        Customers with both labels.
    """

    rows_in: int
    accepted: int
    duplicates: int
    rejected: int
    rejected_by_reason: dict[str, int]
    missing_ids: int
    returns: int
    cancellations: int
    event_types: dict[str, int]
    customers: int
    first_at: str
    last_at: str
    has_time: bool
    columns: dict[str, str]
    optional_columns: tuple[str, ...] = ()
    missing: dict[str, int] = field(default_factory=dict)
    label_conflicts: int = 0
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict:
        """Return the report ready for JSON."""
        return asdict(self) | {
            "optional_columns": list(self.optional_columns),
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, found: dict) -> ImportReport:
        """Build the report again from `to_dict`."""
        return cls(
            **{
                **found,
                "optional_columns": tuple(found["optional_columns"]),
                "warnings": tuple(found["warnings"]),
            }
        )


class EventTally:
    """What was seen so far of one log."""

    def __init__(self, spec: EventSpec):
        self.spec = spec
        self.rows_in = self.accepted = self.duplicates = 0
        self.rejected: Counter = Counter()
        self.first_fault: tuple[int, str | None, str] | None = None
        self.types: Counter = Counter()
        self.missing: Counter = Counter()
        self.words: Counter = Counter()
        self.shortened: dict[str, Counter] = {}
        self.returns = self.cancellations = self.odd_returns = self.undone_zeros = 0
        self.customers, self.folded, self.labelled = Distinct(), Distinct(), Distinct()
        self.odd_ids = OddIds()
        self.orders = OrderCounter()
        self.first = self.last = None
        self.saw_time = False
        self.timeless = 0

    @property
    def has_time(self) -> bool:
        """Whether times of day are known, of nearly all rows."""
        return self.saw_time and self.timeless <= FEW_TIMELESS * self.accepted

    def reject(self, kind: str, line: int, column: str | None, reason: str) -> None:
        """Count a row that is no event."""
        self.rejected[kind] += 1
        if self.first_fault is None or line < self.first_fault[0]:
            self.first_fault = (line, column, reason)

    def take(self, events: Events, kept: np.ndarray) -> None:
        """Count the accepted rows of one block."""
        self.missing.update(events.blanks)
        if not kept.any():
            return
        chosen = pa.array(kept)
        for said in events.words:
            found = pc.value_counts(said.filter(chosen).drop_null()).to_pylist()
            self.words.update({each["values"]: each["counts"] for each in found})
        for role, codes in events.shortened.items():
            found = pc.value_counts(codes.filter(chosen).drop_null()).to_pylist()
            self.shortened.setdefault(role, Counter()).update(
                {each["values"]: each["counts"] for each in found}
            )
        columns = {name: array.filter(chosen) for name, array in events.columns.items()}
        self.accepted += int(kept.sum())
        counts = pc.value_counts(columns["event_type"]).to_pylist()
        self.types.update({row["values"]: row["counts"] for row in counts})
        self.cancellations += int((events.cancelled & kept).sum())
        returns = pc.equal(columns["event_type"], "return")
        self.returns += int(pc.sum(returns).as_py())
        if "amount" in columns:
            back = pc.and_(returns, pc.greater(columns["amount"], 0))
            self.odd_returns += int(pc.sum(back).as_py() or 0)
        self.odd_ids.take(columns["customer_id"])
        self.orders.take(columns)
        ids = hash_texts(columns["customer_id"], FIXED_SEED)
        self.customers.add(ids)
        folded = pc.utf8_lower(pc.utf8_trim_whitespace(columns["customer_id"]))
        self.folded.add(hash_texts(folded, FIXED_SEED))
        zeros = pc.match_substring_regex(columns["customer_id"], r"^[0-9]+\.0$")
        self.undone_zeros += int(pc.sum(zeros).as_py())
        if "label" in columns:
            known = columns["label"].is_valid().to_numpy(zero_copy_only=False).astype(bool)
            says = columns["label"].fill_null(0).to_numpy(zero_copy_only=False).astype(np.uint64)
            self.labelled.add((ids[known] & ~np.uint64(1)) | says[known])
        moments = columns["event_at"].to_numpy(zero_copy_only=False)
        first, last = moments.min(), moments.max()
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)
        self.timeless += int((events.timeless & kept).sum())
        if not self.saw_time:
            self.saw_time = bool((moments != moments.astype("datetime64[D]")).any())

    def report(self) -> ImportReport:
        """Return the account."""
        pairs = self.labelled.all() >> np.uint64(1)
        conflicts = len(np.unique(pairs[1:][pairs[1:] == pairs[:-1]]))
        optional = [
            role
            for role in self.spec.places
            if role not in ("customer_id", "event_at", "time", "amount", "event_type")
        ]
        return ImportReport(
            rows_in=self.rows_in,
            accepted=self.accepted,
            duplicates=self.duplicates,
            rejected=self.rejected.total(),
            rejected_by_reason=dict(self.rejected.most_common()),
            missing_ids=self.rejected["missing_id"],
            returns=self.returns,
            cancellations=self.cancellations,
            event_types=dict(self.types.most_common()),
            customers=len(self.customers.all()),
            first_at=_iso(self.first),
            last_at=_iso(self.last),
            has_time=self.has_time,
            columns=dict(self.spec.columns),
            optional_columns=tuple(role for role in optional if role != "unit_price"),
            missing=dict(self.missing),
            label_conflicts=conflicts,
            warnings=tuple(self._warnings(conflicts)),
        )

    def refuse_without_purchases(self) -> None:
        """Refuse a log that says nothing about who comes back.

        Raises
        ------
        TableError
            ``no_purchases``: every event is a return, or of a type that is no purchase.
        """
        if self.types["purchase"]:
            return
        found = ", ".join(shown(word) for word, _ in self.types.most_common(5))
        column = self.spec.columns.get("event_type")
        lost = "Every amount is below zero, or every order cancelled"
        where = f"Column {column} says {found}" if column else lost
        which, what = "row with an amount" if self.spec.has_amounts else "row", self.spec.called
        change = "Choose another column for the event type, or none" if column else "Choose other columns"
        advice = f"{change}, so that every {which} counts as a {what}."
        raise TableError(
            "no_purchases",
            f"No row is a {what}. {where}. {advice}",
            column=column,
        )

    def _warnings(self, conflicts: int) -> list[str]:
        out = []
        name = self.spec.columns["customer_id"]
        if self.duplicates:
            text = equal_rows(self.duplicates)
            if not self.has_time and "order_id" not in self.spec.columns:
                text += (
                    f" Without a time or an order number, two equal {self.spec.called}s of one day look the "
                    "same; add one of these columns to tell them apart."
                )
            out.append(text)
        if self.rejected:
            line, column, reason = self.first_fault
            out.append(
                f"{counted(self.rejected.total(), 'row')} left out. The first: {place(line, column)}: "
                f"{reason}."
            )
        out += say_words(self.words)
        out += [
            shortened_codes(self.spec.columns[role], codes) for role, codes in self.shortened.items() if codes
        ]
        if self.timeless:
            said = (
                "; in features they count as bought at midnight"
                if self.has_time
                else ": too many to say anything about times of day"
            )
            out.append(
                f"Column {self.spec.columns['time']}: {counted(self.timeless, 'row', 'rows')} without a time "
                f"of day{said}."
            )
        split = len(self.customers.all()) - len(self.folded.all())
        if split:
            out.append(alike_ids(name, split))
        out += self.odd_ids.sentences(name)
        out += self.orders.sentences(self.spec.columns.get("order_id", ""))
        if not self.spec.has_amounts:
            out.append(NO_AMOUNTS.format(self.spec.called))
        if self.spec.point_zero:
            out.append(
                f"Column {name}: every id ends in .0, which some program added. They were read without it."
            )
        if self.undone_zeros:
            out.append(
                f"Column {name}: {counted(self.undone_zeros, 'id ends', 'ids end')} in .0, which some "
                "program added. They were kept as they are; other files must write them alike."
            )
        if conflicts:
            out.append(
                f"Column {self.spec.columns['label']}: "
                f"{counted(conflicts, 'customer has', 'customers have')} rows with both labels; who has "
                "left in any row counts as left."
            )
        if self.returns:
            out.append(
                f"{counted(self.returns, 'row is a return', 'rows are returns')} "
                f"({counted(self.cancellations, 'of a cancelled order', 'of cancelled orders')})."
            )
        if self.odd_returns:
            out.append(f"{counted(self.odd_returns, 'return has', 'returns have')} an amount above zero.")
        if self.first is not None:
            days = int((self.last - self.first).astype("timedelta64[D]").astype(int)) + 1
            if days < SHORT_DAYS:
                out.append(
                    f"Column {self.spec.columns['event_at']}: the events cover {counted(days, 'day')} "
                    f"only; at least {SHORT_DAYS} are needed to see who stays away."
                )
        return out


def _iso(moment: np.datetime64) -> str:
    return moment.astype("datetime64[us]").item().isoformat(" ")
