"""The check of an uploaded table: every row accounted for, or one sentence about what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from tabular.children import read_in_child
from tabular.errors import TableError, counted, place, shown
from tabular.snapshots.other_writing import find_other_writings
from tabular.snapshots.tally import LogTally, Tally
from tabular.snapshots.twins import TwinCounter, say_twins
from tabular.source.duplicates import IdHashes, find_repeats
from tabular.source.header import read_layout
from tabular.source.locate import locate_rows
from tabular.source.odd_ids import OddIds
from tabular.source.parse import Parsed, Plan, iter_parsed
from tabular.source.sentences import guessed_encoding, no_rows, refuse_large_file, several_currencies
from tabular.source.spec import CANONICAL_SUFFIX, INLINE_SKIPS, SKIP_SUFFIX, ParseSpec
from tabular.source.upload import DEFAULT_MAX_BYTES
from tabular.values.currencies import currencies_of, currencies_said, names_currency
from tabular.values.schema import TableSchema

PURPOSES = ("predict", "train")
BAD_ROWS = ("refuse", "leave_out")
PREVIEW_ROWS = 5
# A column that names currencies and has more words is about something else.
MOST_CURRENCIES = 50
CHECK_MEMORY = 400 << 20
CHECK_SECONDS = 120
# So much of a file shows whether it is written as its customers were so far.
FIRST_BYTES = 64 << 10

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class CheckReport:
    """What the check found: ``rows_in == accepted + duplicates + rejected``.

    Parameters
    ----------
    spec
        How to read the accepted rows.
    duplicates
        Rows that equal another one in every cell.
    rejected
        Rows left out for a mistake, or because a later row of the same id counts; all are listed in
        `rejects_path`.
    preview
        The first accepted rows as text, in the order of ``spec.header``.
    unknown_categories
        ``{column: {"rows": n, "values": {value: rows, ...}}}``, the most frequent 20.
    out_of_range
        ``{column: {"rows": n, "minimum": seen, "maximum": seen}}``: unusual, not impossible. For a column of
        dates these are days before the reference day, and the dates stand under ``earliest`` and ``latest``.
    blanks
        ``{column: cells}`` that are blank where that is legal.
    twins
        ``{"rows": rows that equal an earlier customer, "customers": how many customers have such rows,
        "lines": two rows that are equal}``, where the schema asks for them and there are any.
    """

    spec: ParseSpec
    rows_in: int
    accepted: int
    duplicates: int
    rejected: int
    warnings: tuple[str, ...] = ()
    preview: tuple[tuple[str, ...], ...] = ()
    unknown_categories: dict = field(default_factory=dict)
    out_of_range: dict = field(default_factory=dict)
    rejects_path: str | None = None
    blanks: dict = field(default_factory=dict)
    twins: dict | None = None

    def to_dict(self) -> dict:
        """Return the report ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict) -> CheckReport:
        """Build a report again from `to_dict`, also after a round trip through JSON."""
        return cls(
            **{
                **found,
                "spec": ParseSpec.from_dict(found["spec"]),
                "warnings": tuple(found["warnings"]),
                "preview": tuple(tuple(row) for row in found["preview"]),
            }
        )


def check_table(
    path: Path | str,
    schema: TableSchema,
    *,
    purpose: str = "predict",
    bad_rows: str = "refuse",
    rejects_path: Path | str | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
    today: date | None = None,
    as_of: date | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    on_progress: Progress | None = None,
) -> CheckReport:
    """Check the file at `path` and decide how it is read.

    Copies that are needed for reading are written beside it (`ParseSpec.companions`); a refused file leaves
    none.

    Parameters
    ----------
    purpose
        ``predict`` ignores labels; ``train`` needs them and enough rows of both.
    bad_rows
        ``refuse`` the file for any bad row, or ``leave_out`` these rows.
    rejects_path
        Where to write bad rows as CSV: line, column, value, reason. Written only if there are any.
    today
        The day on which the file came: from no later one its dates are counted back.
    as_of
        The day from which they are, whatever stands in the file.
    encoding
        One of `encodings.BY_HAND`, where a person said how the text is written.
    sheet
        Name of the sheet of a workbook that is read, where somebody said it.
    on_progress
        Called with (step, bytes done, bytes in all).

    Raises
    ------
    TableError
        The file is refused.
    """
    if purpose not in PURPOSES or bad_rows not in BAD_ROWS:
        raise ValueError(f"purpose must be one of {PURPOSES} and bad_rows one of {BAD_ROWS}")
    path = Path(path)
    rejects_path = Path(rejects_path) if rejects_path else None
    refuse_large_file(path, max_bytes)
    canonical = Path(f"{path}{CANONICAL_SUFFIX}")
    skips = Path(f"{path}{SKIP_SUFFIX}")
    try:
        tally = partial(
            Tally, schema, trains=purpose == "train", rejects_path=rejects_path, today=today, as_of=as_of
        )
        check = _Check(path, schema, purpose, bad_rows, tally, encoding, sheet, on_progress or _silent)
        return check.run(canonical, skips)
    except BaseException:
        canonical.unlink(missing_ok=True)
        skips.unlink(missing_ok=True)
        raise


def _in_iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _from_iso(day: str | None) -> date | None:
    return date.fromisoformat(day) if day else None


def _silent(step: str, done: int, total: int) -> None:
    pass


class _Check:
    """One run of `check_table`; a class because the steps share what they found."""

    def __init__(self, path, schema, purpose, bad_rows, new_tally, encoding, sheet, on_progress):
        self.path: Path = path
        self.schema: TableSchema = schema
        self.trains = purpose == "train"
        self.leaves_out = bad_rows == "leave_out"
        self.encoding: str | None = encoding
        self.sheet: str | None = sheet
        self.on_progress: Progress = on_progress
        self.warnings: list[str] = []
        self.new_tally: Callable[[], Tally] = new_tally
        self.tally: Tally = self.new_tally()

    def run(self, canonical: Path, skips: Path) -> CheckReport:
        spec = self.read_spec(canonical)
        label = self.schema.the("label")
        if self.trains and label and label.name not in spec.positions and self.schema.one_row_per_id:
            raise TableError(
                "missing_columns",
                f"The column {label.name} is missing: without it there is nothing to learn from. Add it and "
                "upload the file again.",
                line=spec.header_line,
                column=label.name,
                columns=[label.name],
            )
        plan = Plan(spec, self.schema, labels_matter=self.trains, surveys=True)
        plan = self.written_otherwise(plan, self.first_unread(plan))
        preview, risky = self.read_rows(plan)
        if not plan.spec.written and self.tally.unread:
            plan = self.written_otherwise(plan, self.tally.unread)
            if plan.spec.written:
                self.count_anew()
                preview, risky = self.read_rows(plan)
        spec, tally = plan.spec, self.tally
        if not tally.rows_in:
            raise no_rows(spec)
        if tally.faults and not self.leaves_out:
            raise tally.refusal()

        duplicates = self.settle_repeats(plan)
        accepted = tally.rows_in - tally.rejected - duplicates
        if not accepted:
            raise tally.refusal(left_out=True)
        if self.trains:
            tally.refuse_training(accepted)
        tally.close()
        skip = np.unique(np.asarray(tally.left_out, np.int64))
        if len(skip) > INLINE_SKIPS:
            np.save(skips, skip, allow_pickle=False)
        self.warnings += tally.warnings(duplicates)
        if self.hashes is not None:
            self.warnings += self.odd_ids.sentences(self.schema.the("id").name)
        self.warnings += self.several_currencies()
        twins = self.twins.settle(skip) if self.twins else None
        if twins:
            self.warnings.append(say_twins(twins))
        spec = replace(
            spec,
            skip=tuple(skip.tolist()) if len(skip) <= INLINE_SKIPS else (),
            skip_file=len(skip) > INLINE_SKIPS,
            risky=tuple(sorted(risky)),
            rows=accepted,
            warnings=tuple(self.warnings),
            reference=_in_iso(tally.ages.reference),
        )
        return CheckReport(
            spec=spec,
            rows_in=tally.rows_in,
            accepted=accepted,
            duplicates=duplicates,
            rejected=tally.rejected,
            warnings=tuple(self.warnings),
            preview=tuple(preview),
            unknown_categories=tally.unknown_categories(),
            out_of_range=tally.out_of_range(),
            rejects_path=tally.rejects_written,
            blanks=dict(+tally.blanks),
            twins=twins,
        )

    def read_spec(self, canonical: Path) -> ParseSpec:
        """Return the specification before any row was read."""
        spec, warnings = locate_rows(
            self.path,
            canonical,
            read_header=partial(read_layout, schema=self.schema),
            encoding=self.encoding,
            wanted=self.sheet,
            fits=self.fits,
            on_progress=self.on_progress,
        )
        self.warnings += warnings + ([] if self.encoding else guessed_encoding(self.path, spec))
        column = self.schema.the("id")
        return replace(spec, id_place=spec.positions.get(column.name) if column else None)

    def fits(self, header: Sequence[str]) -> bool:
        """Whether a table has the columns that are asked for."""
        named = {name.strip().casefold() for name in header}
        return all(column.name.casefold() in named for column in self.schema.columns if column.required)

    def first_unread(self, plan: Plan) -> dict[str, list[str]]:
        """Return cells that cannot be read, by column, of a file whose first rows mostly have mistakes.

        Every mistake of a row gets a sentence of its own, which takes long for a whole file of them.
        """
        if not any(column.kind == "age" or column.decimal for column in self.schema.columns):
            return {}
        first = None
        # Whatever is wrong with the file itself is said when all of it is read.
        with suppress(TableError), closing(self.blocks(plan, block_bytes=FIRST_BYTES)) as blocks:
            first = next(blocks, None)
        if first is None or len(first.faults) <= len(first.lines):
            return {}
        tally = Tally(self.schema, trains=self.trains, rejects_path=None)
        tally.set_aside(first.faults)
        return tally.unread

    def blocks(self, plan: Plan, **options) -> Iterator[Parsed]:
        """Read all rows of the file."""
        return iter_parsed(self.path, plan, np.empty(0, np.int64), **options)

    def written_otherwise(self, plan: Plan, unread: dict[str, list[str]]) -> Plan:
        """Return how to read a file that writes some columns otherwise than the schema says.

        Raises
        ------
        TableError
            Several ways read such a column, and differently.
        """
        found = find_other_writings(self.path, plan, unread) if unread else []
        if unclear := next((each for each in found if each.written is None), None):
            self.tally.close()
            raise unclear.refusal()
        self.warnings += [each.sentence for each in found]
        written = {each.column: each.written for each in found}
        return replace(plan, spec=replace(plan.spec, written=written)) if written else plan

    def count_anew(self) -> None:
        """Forget what was counted, with the list of the rows that could not be read."""
        self.tally.close()
        if self.tally.rejects_written:
            Path(self.tally.rejects_written).unlink()
        self.tally = self.new_tally()

    def read_rows(self, plan: Plan) -> tuple[list[tuple[str, ...]], set[int]]:
        """Take every row into the tally; return a preview and the places of columns with dangerous cells."""
        preview: list[tuple[str, ...]] = []
        risky: set[int] = set()
        column = self.schema.the("id")
        has_ids = self.schema.one_row_per_id and column is not None and not column.generated
        self.hashes = IdHashes() if has_ids else None
        self.odd_ids = OddIds()
        # By column, a cell for each thing about the digits: the second currency may come late.
        self.adorned: dict[str, dict[str, str]] = {}
        # The words of columns that say in which currency the amounts beside them are.
        self.named: dict[str, set[str]] = {}
        self.twins = TwinCounter(self.schema) if self.schema.finds_twins else None
        self.logs = None if self.schema.one_row_per_id else LogTally(self.schema, self.trains)
        done, total = plan.spec.data_at, plan.spec.source(self.path).stat().st_size
        for parsed in self.blocks(plan):
            self.tally.take(parsed)
            risky |= parsed.risky
            if self.hashes is not None and parsed.ids is not None:
                self.hashes.add(parsed.ids)
                self.odd_ids.take(parsed.ids)
            if self.logs is not None:
                self.logs.take(parsed)
            if self.twins is not None:
                self.twins.take(parsed.lines, parsed.columns)
            for name, cells in parsed.adorned.items():
                self.adorned[name] = cells | self.adorned.get(name, {})
            self.take_currencies(parsed)
            if len(preview) < PREVIEW_ROWS and len(parsed.lines):
                rows = parsed.raw().slice(0, PREVIEW_ROWS - len(preview)).to_pylist()
                preview += [tuple(row.values()) for row in rows]
            done += parsed.size
            self.on_progress("Checking rows", min(done, total), total)
        return preview, risky

    def take_currencies(self, parsed: Parsed) -> None:
        """Keep the words of a column of currencies, while they are few."""
        for column in self.schema.columns:
            if column.kind == "category" and names_currency(column.name) and column.name in parsed.columns:
                words = self.named.setdefault(column.name, set())
                if len(words) <= MOST_CURRENCIES:
                    words |= set(pc.unique(parsed.columns[column.name]).drop_null().to_pylist())

    def several_currencies(self) -> list[str]:
        """Name the columns of amounts that are in several currencies."""
        found = {name: currencies_of(adorned.values()) for name, adorned in self.adorned.items()}
        found |= {name: currencies_said(sorted(words)) for name, words in self.named.items()}
        return [several_currencies(name, cells) for name, cells in found.items() if cells]

    def settle_repeats(self, plan: Plan) -> int:
        """Leave out rows whose id stands again, refuse where that cannot be learned from; return how many
        were equal.
        """
        if self.logs is not None:
            self.warnings += self.logs.settle(self.again(plan), plan)
            return 0
        repeated = self.hashes.repeated() if self.hashes is not None else ()
        if not len(repeated):
            return 0
        column = self.schema.the("id").name
        repeats = find_repeats(self.again(plan), repeated, seed=self.hashes.seed, id_column=column)
        if repeats.superseded:
            first = repeats.first
            number = len(repeats.superseded)
            where = place(repeats.later_line, column)
            self.tally.set_aside(repeats.superseded)
            if self.trains and not self.leaves_out:
                raise TableError(
                    "duplicate_customers",
                    f"{where}: {shown(first.value)} already stands in row {first.line:,}, with other values. "
                    f"{counted(number, 'row')} like this. Keep one row for each customer.",
                    line=repeats.later_line,
                    column=column,
                    rejects={"rows": number, "path": self.tally.rejects_written},
                )
            self.warnings.append(
                f"{where}: {shown(first.value)} already stands in row {first.line:,}, with other values. "
                "The later row "
                f"counts; {counted(number, 'earlier row was', 'earlier rows were')} set aside."
            )
        self.tally.left_out += repeats.duplicates
        return len(repeats.duplicates)

    def again(self, plan: Plan):
        """Read the rows that were good once more."""
        skip = np.unique(np.asarray(self.tally.left_out, np.int64))
        yield from iter_parsed(self.path, replace(plan, surveys=False), skip)


def check_table_in_child(
    path: Path | str,
    schema: TableSchema,
    *,
    purpose: str = "predict",
    bad_rows: str = "refuse",
    rejects_path: Path | str | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
    today: date | None = None,
    as_of: date | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    memory_bytes: int = CHECK_MEMORY,
    seconds: float = CHECK_SECONDS,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> CheckReport:
    """Do `check_table` in a child process that is killed when it takes too much memory or time.

    Raises
    ------
    TableError
        Also ``too_much_memory`` and ``too_slow``.
    """
    found = read_in_child(
        "tabular.snapshots.check:check_for_parent",
        {
            "path": str(path),
            "schema": schema.to_dict(),
            "purpose": purpose,
            "bad_rows": bad_rows,
            "rejects_path": str(rejects_path) if rejects_path else None,
            "max_bytes": max_bytes,
            "today": _in_iso(today),
            "as_of": _in_iso(as_of),
            "encoding": encoding,
            "sheet": sheet,
        },
        memory_bytes=memory_bytes,
        seconds=seconds,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    return CheckReport.from_dict(found)


def check_for_parent(
    *, schema: dict, today: str | None = None, as_of: str | None = None, on_progress: Progress, **options
) -> dict:
    """Do `check_table` in a child, with arguments and result in JSON."""
    days = {"today": _from_iso(today), "as_of": _from_iso(as_of)}
    found = check_table(schema=TableSchema.from_dict(schema), **days, on_progress=on_progress, **options)
    return found.to_dict()
