"""The account of a check: every row counted once, mistakes listed, oddities said aloud."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.errors import TableError, counted, place, shown
from tabular.snapshots.ages import AgeTally
from tabular.source.danger import harmless
from tabular.source.duplicates import FIXED_SEED, hash_texts
from tabular.source.parse import Parsed, Plan
from tabular.source.sentences import alike_ids, equal_rows, say_words
from tabular.values.cells import RowFault
from tabular.values.schema import TableSchema

SHOWN_VALUES = 20
SHOWN_COLUMNS = 5
# More different unknown values than this are counted, but no longer by name.
KEPT_VALUES = 10_000
KEPT_UNREAD = 100


class Tally:
    """What was seen so far in one file."""

    def __init__(
        self,
        schema: TableSchema,
        *,
        trains: bool,
        rejects_path: Path | None,
        today: date | None = None,
        as_of: date | None = None,
    ):
        self.schema = schema
        self.trains = trains
        self.rows_in = 0
        self.rejected = 0
        self.left_out: list[int] = []
        self.faults: Counter = Counter()
        self.first: RowFault | None = None
        # Some of the cells that are no numbers or dates as their column writes them.
        self.unread: dict[str, list[str]] = {}
        self.unknown: dict[str, Counter] = {}
        self.unusual: dict[str, list[float]] = {}
        self.respelled: dict[str, Counter] = {}
        self.filled: Counter = Counter()
        self.words: Counter = Counter()
        self.blanks: Counter = Counter()
        self.ages = AgeTally(schema, today, as_of)
        self.labels: Counter = Counter()
        self.rejects_path = rejects_path
        self.rejects_written: str | None = None
        self._rejects = None

    def take(self, parsed: Parsed) -> None:
        """Count the rows of one block."""
        self.rows_in += len(parsed.lines) + len(parsed.faults)
        if parsed.faults:
            self.set_aside(parsed.faults)
        self.filled.update(parsed.filled)
        self.words.update(parsed.words)
        self.ages.take(parsed)
        for name, spellings in parsed.respelled.items():
            self.respelled.setdefault(name, Counter()).update(spellings)
        for column in self.schema.columns:
            array = parsed.columns.get(column.name)
            if array is None or not len(array):
                continue
            if column.blank_allowed:
                self.blanks[column.name] += count_blanks(array)
            if column.kind == "category" and column.categories:
                self._count_unknown(column, array)
            elif column.kind == "label" and self.trains:
                self.labels.update(_value_counts(array))
            elif column.kind == "number":
                self._count_unusual(column, array)

    def set_aside(self, faults: Iterable[RowFault]) -> None:
        """List rows that are not used."""
        for fault in faults:
            self.first = self.first or fault
            self.faults[fault.kind, fault.column] += 1
            self.rejected += 1
            self.left_out.append(fault.line)
            if fault.kind in ("bad_date", "bad_number"):
                self._keep_unread(fault)
            self._write_reject(fault)

    def _keep_unread(self, fault: RowFault) -> None:
        kept = self.unread.setdefault(fault.column, [])
        if len(kept) < KEPT_UNREAD:
            kept.append(fault.value)

    def _write_reject(self, fault: RowFault) -> None:
        if self.rejects_path is None:
            return
        if self._rejects is None:
            # A byte order mark, because this file is opened in a spreadsheet and holds other people's
            # alphabets.
            self._rejects = self.rejects_path.open("w", encoding="utf-8-sig", newline="")
            self.rejects_written = str(self.rejects_path)
            csv.writer(self._rejects).writerow(["line", "column", "value", "reason"])
        row = [fault.line, harmless(fault.column or ""), harmless(fault.value), harmless(fault.reason)]
        csv.writer(self._rejects).writerow(row)

    def close(self) -> None:
        """Finish the list of rejects."""
        if self._rejects is not None:
            self._rejects.close()
            self._rejects = None

    def _count_unknown(self, column, array) -> None:
        name = column.name
        known = {*column.categories, ""} if column.blank_allowed else set(column.categories)
        if all(value in known for value in array.dictionary.to_pylist()):
            return
        counts = _value_counts(array)
        unknown = {value: count for value, count in counts.items() if value not in known and count}
        if unknown:
            seen = self.unknown.setdefault(name, Counter())
            for value, count in unknown.items():
                seen[value if value in seen or len(seen) < KEPT_VALUES else "…"] += count

    def _count_unusual(self, column, array) -> None:
        if column.usual_minimum is None and column.usual_maximum is None:
            return
        values = array.to_numpy(zero_copy_only=False)
        outside = np.zeros(len(values), bool)
        if column.usual_minimum is not None:
            outside |= values < column.usual_minimum
        if column.usual_maximum is not None:
            outside |= values > column.usual_maximum
        number = int(outside.sum())
        if number:
            low, high = float(values[outside].min()), float(values[outside].max())
            seen = self.unusual.setdefault(column.name, [0, low, high])
            self.unusual[column.name] = [seen[0] + number, min(seen[1], low), max(seen[2], high)]

    def unknown_categories(self) -> dict:
        """Return the values that the schema does not know, most frequent first."""
        return {
            name: {"rows": sum(seen.values()), "values": dict(seen.most_common(SHOWN_VALUES))}
            for name, seen in self.unknown.items()
        }

    def out_of_range(self) -> dict:
        """Return how many numbers lie outside what is usual."""
        return {
            name: {"rows": int(number), "minimum": low, "maximum": high}
            for name, (number, low, high) in self.unusual.items()
        } | self.ages.out_of_range()

    def refusal(self, *, left_out: bool = False) -> TableError:
        """Return the error for the first mistake, with how many more there are.

        Parameters
        ----------
        left_out
            Rows with mistakes were left out already, and none is left.
        """
        self.close()
        fault = self.first
        where = f"{place(fault.line, fault.column)}: {fault.reason}"
        if left_out or self.rejected == self.rows_in:
            # There is nothing to go on with, so nothing of it is offered.
            return _refused(
                fault,
                f"{self._nothing_left()} {where}. Correct the file and upload it again.",
                kind="no_rows" if left_out else fault.kind,
            )
        alike = self.faults[fault.kind, fault.column]
        others = self.rejected - alike
        more = f"{counted(alike, 'row')} like this"
        if others:
            more += f" and {counted(others, 'row')} with other mistakes"
        several = alike + others > 1
        advice = "Download them, or leave them out." if several else "Correct it, or leave it out."
        rejects = {"rows": self.rejected, "path": self.rejects_written}
        return _refused(fault, f"{where}. {more}. {advice}", rejects=rejects)

    def _nothing_left(self) -> str:
        if self.rows_in == 1:
            return "The only row of the file has a mistake."
        return f"No row of the file can be used: all {self.rows_in:,} have mistakes. The first:"

    def refuse_training(self, accepted: int) -> None:
        """Refuse a file from which nothing can be learned."""
        rules, label = self.schema.training, self.schema.the("label")
        if accepted < rules.minimum_rows:
            raise TableError(
                "too_few_rows",
                f"The file has {counted(accepted, 'usable row')}; a model needs at least "
                f"{rules.minimum_rows}. "
                "Add more customers.",
            )
        if label is None or not self.schema.one_row_per_id or not self.labels:
            return
        counts = {value: self.labels.get(value, 0) for value in label.label_values}
        rare, number = min(counts.items(), key=lambda item: item[1])
        if number == 0:
            only = next(value for value in counts if value != rare)
            raise TableError(
                "one_class",
                f"Column {label.name}: every row says {only}, so there is nothing to tell apart. "
                f"Add customers for whom it is {rare}.",
                column=label.name,
                columns=[label.name],
            )
        if number < rules.minimum_per_class:
            raise TableError(
                "too_few_minority",
                f"Column {label.name}: only {counted(number, 'row says', 'rows say')} {rare}; a model "
                "needs at least "
                f"{rules.minimum_per_class} to learn from and to be tested on. Add more of them.",
                column=label.name,
                columns=[label.name],
            )

    def warnings(self, duplicates: int) -> list[str]:
        """Return in sentences what was accepted but should be known."""
        out = []
        if duplicates:
            out.append(equal_rows(duplicates))
        mistakes = sum(n for (kind, _), n in self.faults.items() if kind != "duplicate_customers")
        if mistakes:
            first = self.first
            out.append(
                f"{counted(mistakes, 'row')} with mistakes left out. "
                f"The first: {place(first.line, first.column)}: {first.reason}."
            )
        out += self.ages.warnings()
        for column in self.schema.columns:
            out += self._column_warnings(column)
        if blanks := +self.blanks:
            most = ", ".join(f"{name} {number:,}" for name, number in blanks.most_common(SHOWN_COLUMNS))
            more = ", …" if len(blanks) > SHOWN_COLUMNS else ""
            cells = counted(blanks.total(), "blank cell")
            out.append(f"{cells} in {counted(len(blanks), 'column')}: {most}{more}.")
        return out + say_words(self.words)

    def _column_warnings(self, column) -> Iterator[str]:
        name = column.name
        if self.filled[name]:
            rule = column.blank_means
            yield (
                f"Column {name}: {counted(self.filled[name], 'blank cell')} read as {rule.value:g}, "
                f"because {rule.when_column} is {rule.when_value:g} there."
            )
        if name in self.unknown:
            seen = self.unknown[name]
            values = ", ".join(shown(value) if value else "(blank)" for value, _ in seen.most_common(3))
            more = ", …" if len(seen) > 3 else ""
            yield (
                f"Column {name}: {counted(sum(seen.values()), 'row')} with values that are not known "
                f"({values}{more})."
            )
        if name in self.respelled:
            seen = self.respelled[name]
            (before, after), _ = seen.most_common(1)[0]
            yield (
                f"Column {name}: {counted(sum(seen.values()), 'row')} read in another spelling "
                f"({shown(before)} as {after})."
            )
        if name in self.unusual:
            number, low, high = self.unusual[name]
            found = f"{low:g}" if low == high else f"from {low:g} to {high:g}"
            yield f"Column {name}: {counted(int(number), 'number')} outside the usual range: {found}."


def _refused(
    fault: RowFault, text: str, *, kind: str | None = None, rejects: dict | None = None
) -> TableError:
    columns = [fault.column] if fault.column else ()
    return TableError(
        kind or fault.kind, text, line=fault.line, column=fault.column, columns=columns, rejects=rejects
    )


def count_blanks(array) -> int:
    """Return how many cells of a typed column are blank."""
    if not pa.types.is_dictionary(array.type):
        return array.null_count
    place = pc.index(array.dictionary, "").as_py()
    return 0 if place < 0 else pc.sum(pc.equal(array.indices, place)).as_py()


def _value_counts(array) -> dict[str, int]:
    indices = array.indices.drop_null() if array.null_count else array.indices
    counts = np.bincount(indices.to_numpy(zero_copy_only=False), minlength=len(array.dictionary))
    return {value: int(n) for value, n in zip(array.dictionary.to_pylist(), counts, strict=True) if n}


@dataclass
class LogTally:
    """What a log of events shows only as a whole: its customers, its span, contradicting labels."""

    schema: TableSchema
    trains: bool
    customers: np.ndarray = field(default_factory=lambda: np.empty(0, np.uint64))
    folded: np.ndarray = field(default_factory=lambda: np.empty(0, np.uint64))
    labelled: np.ndarray = field(default_factory=lambda: np.empty(0, np.uint64))
    first_day: np.datetime64 | None = None
    latest_day: np.datetime64 | None = None

    def take(self, parsed: Parsed) -> None:
        """Count the events of one block."""
        if not len(parsed.lines):
            return
        ids = hash_texts(parsed.ids, FIXED_SEED)
        self.customers = np.union1d(self.customers, ids)
        folded = pc.utf8_lower(pc.utf8_trim_whitespace(parsed.ids))
        self.folded = np.union1d(self.folded, hash_texts(folded, FIXED_SEED))
        label, date = self.schema.the("label"), self.schema.the("date")
        if label and label.name in parsed.columns:
            self.labelled = np.union1d(self.labelled, _with_labels(ids, parsed.columns[label.name]))
        if date and date.name in parsed.columns:
            days = parsed.columns[date.name].to_numpy(zero_copy_only=False).astype("datetime64[D]")
            self.first_day = days.min() if self.first_day is None else min(self.first_day, days.min())
            self.latest_day = days.max() if self.latest_day is None else max(self.latest_day, days.max())

    def settle(self, again: Iterator[Parsed], plan: Plan) -> list[str]:
        """Refuse a log from which nothing can be learned; return warnings."""
        warnings = []
        label, date, rules = self.schema.the("label"), self.schema.the("date"), self.schema.training
        split = len(self.customers) - len(self.folded)
        if split:
            warnings.append(alike_ids(self.schema.the("id").name, split))
        pairs = self.labelled >> np.uint64(1)
        torn = np.unique(pairs[1:][pairs[1:] == pairs[:-1]])
        if len(torn):
            line, who = self._first_conflict(again, torn)
            text = (
                f"{place(line, label.name)}: customer {shown(who)} has another label in an earlier row. "
                f"{counted(len(torn), 'customer')} like this"
            )
            if self.trains:
                raise TableError(
                    "label_conflict",
                    f"{text}. Give each customer one label.",
                    line=line,
                    column=label.name,
                    columns=[label.name],
                )
            warnings.append(text + "; labels are not used for predicting.")
        if self.trains and len(self.customers) < rules.minimum_customers:
            raise TableError(
                "too_few_customers",
                f"The file has events of {counted(len(self.customers), 'customer')}; "
                f"a model needs at least {rules.minimum_customers}. Add more customers.",
            )
        if self.trains and date and self.first_day is not None:
            days = int((self.latest_day - self.first_day).astype(int)) + 1
            if days < rules.minimum_days:
                raise TableError(
                    "short_history",
                    f"Column {date.name}: the events cover {counted(days, 'day')}, from {self.first_day} to "
                    f"{self.latest_day}; at least {rules.minimum_days} are needed to see who stays away. Add "
                    "earlier or later events.",
                    column=date.name,
                    columns=[date.name],
                )
        return warnings

    def _first_conflict(self, again: Iterator[Parsed], torn: np.ndarray) -> tuple[int | None, str]:
        label = self.schema.the("label").name
        seen: dict[str, str] = {}
        for parsed in again:
            chosen = np.flatnonzero(np.isin(hash_texts(parsed.ids, FIXED_SEED) >> np.uint64(1), torn))
            for index in chosen.tolist():
                who, says = parsed.ids[index].as_py(), parsed.columns[label][index].as_py()
                if says is not None and seen.setdefault(who, says) != says:
                    return int(parsed.lines[index]), who
        return None, ""


def _with_labels(ids: np.ndarray, labels) -> np.ndarray:
    indices = labels.indices
    known = ~indices.is_null().to_numpy(zero_copy_only=False)
    codes = indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.uint64)
    return (ids[known] & ~np.uint64(1)) | codes[known]
