"""The import of a purchase log: all rows by one frozen specification, into one file of events."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tabular.children import read_in_child
from tabular.errors import TableError, place
from tabular.logs.event_spec import ALWAYS, EventSpec
from tabular.logs.event_tally import EventTally, ImportReport
from tabular.logs.event_values import FAULTS, MICROSECONDS, Events, explain_fault, type_events
from tabular.previews.preview import Preview
from tabular.source.danger import PLAIN_NUMBER, harmless
from tabular.source.duplicates import Copies, IdHashes
from tabular.source.encodings import BY_HAND
from tabular.source.sentences import has_changed, no_rows
from tabular.source.sniff import CHUNK, Progress, survey_file, write_text_copy
from tabular.source.texts import Texts, iter_texts

__all__ = ["ImportReport", "import_events", "import_events_in_child", "preview_events"]

IMPORT_MEMORY = 1 << 30
IMPORT_SECONDS = 3600
# Where a day begins first on earth.
EARLIEST_ZONE = timedelta(hours=14)
TYPES = {
    "customer_id": pa.string(),
    "event_at": MICROSECONDS,
    "amount": pa.float64(),
    "event_type": pa.string(),
    "order_id": pa.string(),
    "product": pa.string(),
    "category": pa.string(),
    "quantity": pa.float64(),
    "discount": pa.float64(),
    "label": pa.int8(),
}
# What is being done, as people read it.
COMPARING, REPEATS, IMPORTING = "Comparing with the preview", "Looking for equal rows", "Importing events"
REJECT_COLUMNS = ("line", "reason", "column", "value", "explanation")


def preview_events(preview: Preview, spec: EventSpec) -> list[dict]:
    """Return the rows of a preview as the events that the import will make of them.

    Each is ``{"line": n, "values": {role: value}, "fault": sentence or None}``, moments as ISO text.
    """
    header = range(len(spec.table.header))
    texts = [pa.array([row["texts"][place] for row in preview.rows], pa.string()) for place in header]
    events = type_events(texts, spec)
    columns = {name: array.to_pylist() for name, array in events.columns.items()}
    out = []
    for at, row in enumerate(preview.rows):
        values = {name: column[at] for name, column in columns.items()}
        if values["event_at"] is not None:
            values["event_at"] = values["event_at"].isoformat(" ")
        fault = None
        if events.faults[at]:
            kind, role = FAULTS[events.faults[at] - 1]
            column, _, reason = explain_fault(kind, role, tuple(row["texts"]), spec, date.max)
            fault = f"{place(row['line'], column)}: {reason}"
        out.append({"line": row["line"], "values": values, "fault": fault})
    return out


def import_events(
    path: Path | str,
    spec: EventSpec,
    *,
    events_path: Path | str,
    rejects_path: Path | str,
    now: datetime,
    on_progress: Progress | None = None,
) -> ImportReport:
    """Read the whole log at `path` and write its events as Parquet, and the rows that are none as CSV.

    Memory stays flat but for eight bytes a row. The rejects are written only if there are any.

    Parameters
    ----------
    spec
        From `tabular.logs.mapping.freeze`. A copy that it names and that is gone is made again.
    now
        What lies after this day, wherever on earth, lies in the future.
    on_progress
        Called with (step, bytes done, bytes in all), several times a second.

    Raises
    ------
    TableError
        ``type_mismatch``: the file is not the one that was looked at; ``no_rows``: no event is left;
        ``no_purchases``: none of them is a purchase.
    """
    path, events_path, rejects_path = Path(path), Path(events_path), Path(rejects_path)
    run = _Import(path, spec, _latest_day(now), on_progress or _silent)
    try:
        return run.write(events_path, rejects_path)
    except BaseException:
        events_path.unlink(missing_ok=True)
        raise


def _silent(step: str, done: int, total: int) -> None:
    pass


def _latest_day(now: datetime) -> date:
    return (now + EARLIEST_ZONE).date()


@dataclass
class _Import:
    """One run of `import_events`."""

    path: Path
    spec: EventSpec
    latest: date
    on_progress: Progress

    def write(self, events_path: Path, rejects_path: Path) -> ImportReport:
        self._verify()
        self.tally = EventTally(self.spec)
        self.copies = self._find_repeats()
        there = {*ALWAYS, *self.spec.places} | ({"amount"} if self.spec.has_amounts else set())
        schema = pa.schema([(name, kind) for name, kind in TYPES.items() if name in there])
        with (
            _Rejects(rejects_path, self.spec) as rejects,
            pq.ParquetWriter(events_path, schema, compression="zstd") as writer,
        ):
            for texts in self._read(IMPORTING):
                self._take(texts, writer, rejects, schema)
            writer.add_key_value_metadata({"has_time": "true" if self.tally.has_time else "false"})
        if not self.tally.accepted:
            raise self._refusal(rejects)
        self.tally.refuse_without_purchases()
        return self.tally.report()

    def _verify(self) -> None:
        """Refuse another file than the one that was looked at; make its copy again where that is gone."""
        digest, done, total = hashlib.sha256(), 0, self.path.stat().st_size
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                done += len(chunk)
                self.on_progress(COMPARING, done, total)
        table = self.spec.table
        if digest.hexdigest() != table.sha256:
            raise has_changed()
        if table.canonical and not table.source(self.path).exists():
            if table.format == "xlsx":
                from tabular.source.sheets import write_sheet_copy

                write_sheet_copy(
                    self.path, table.source(self.path), sheet=table.sheet, on_progress=self.on_progress
                )
            else:
                chosen = table.encoding if table.encoding in BY_HAND else None
                survey = survey_file(self.path, encoding=chosen, on_progress=self.on_progress)
                write_text_copy(self.path, survey, table.source(self.path), on_progress=self.on_progress)

    def _read(self, step: str):
        table = self.spec.table
        done, total = table.data_at, table.source(self.path).stat().st_size
        for texts in iter_texts(self.path, table):
            yield texts
            done += texts.size
            self.on_progress(step, min(done, total), total)

    def _find_repeats(self) -> Copies:
        hashes = IdHashes()
        for texts in self._read(REPEATS):
            hashes.take(texts.hashes(hashes.seed))
        self.seed = hashes.seed
        return Copies(hashes.repeated())

    def _take(self, texts: Texts, writer: pq.ParquetWriter, rejects: _Rejects, schema: pa.Schema) -> None:
        tally = self.tally
        tally.rows_in += len(texts) + len(texts.broken)
        for fault, cells in texts.broken:
            tally.reject(fault.kind, fault.line, fault.column, fault.reason)
            rejects.write(fault.line, fault.kind, fault.column or "", fault.value, fault.reason, cells)
        if not len(texts):
            return
        events = type_events(texts.columns, self.spec, latest=self.latest)
        kept = events.faults == 0
        if not kept.all():
            self._reject(texts, events, rejects)
        again = self._find_copies(texts, kept)
        tally.duplicates += len(again)
        kept[again] = False
        tally.take(events, kept)
        if kept.any():
            arrays = [events.columns[name] for name in schema.names]
            batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
            writer.write_batch(batch if kept.all() else batch.filter(pa.array(kept)))

    def _reject(self, texts: Texts, events: Events, rejects: _Rejects) -> None:
        bad = np.flatnonzero(events.faults)
        for at, row in zip(bad.tolist(), texts.rows(bad), strict=True):
            kind, role = FAULTS[events.faults[at] - 1]
            column, cell, reason = explain_fault(kind, role, row, self.spec, self.latest)
            line = int(texts.lines[at])
            self.tally.reject(kind, line, column, reason)
            rejects.write(line, kind, column, cell, reason, row)

    def _find_copies(self, texts: Texts, kept: np.ndarray) -> list[int]:
        """Return the places of good rows that equal an earlier good one in every cell."""
        if not len(self.copies.repeated):
            return []
        places, which = self.copies.candidates(texts.hashes(self.seed))
        good = kept[places]
        places, which = places[good], which[good]
        rows = zip(places.tolist(), which.tolist(), texts.rows(places), strict=True)
        return [place for place, number, row in rows if self.copies.is_copy(number, row)]

    def _refusal(self, rejects: _Rejects) -> TableError:
        line, column, reason = self.tally.first_fault or (None, None, "")
        rows = self.tally.rejected.total()
        if not rows:
            return no_rows(self.spec.table)
        return TableError(
            "no_rows",
            f"No row is left: all {rows:,} have mistakes. The first: {place(line, column)}: {reason}. "
            "Correct the file, or say that another column is meant.",
            line=line,
            column=column,
            columns=[column] if column else (),
            rejects={"rows": rows, "path": str(rejects.path)},
        )


class _Rejects:
    """The list of rows that are no events: where, why, and the whole row, safe for a spreadsheet."""

    def __init__(self, path: Path, spec: EventSpec):
        self.path, self.spec = path, spec
        self.file = self.writer = None

    def __enter__(self) -> _Rejects:
        return self

    def __exit__(self, *exc) -> None:
        if self.file is not None:
            self.file.close()

    def write(self, line: int, kind: str, column: str, value: str, reason: str, row) -> None:
        if self.writer is None:
            # A byte order mark, because this file is opened in a spreadsheet and holds other people's
            # alphabets.
            self.file = self.path.open("w", encoding="utf-8-sig", newline="")
            self.writer = csv.writer(self.file)
            names = [harmless(name) for name in self.spec.table.names]
            self.writer.writerow([*REJECT_COLUMNS, *names])
        who = self.spec.places["customer_id"]
        cells = [
            cell if place != who and PLAIN_NUMBER.fullmatch(cell) else harmless(cell)
            for place, cell in enumerate(row)
        ]
        self.writer.writerow([line, kind, harmless(column), harmless(value), harmless(reason), *cells])


def import_events_in_child(
    path: Path | str,
    spec: EventSpec,
    *,
    events_path: Path | str,
    rejects_path: Path | str,
    now: datetime,
    memory_bytes: int = IMPORT_MEMORY,
    seconds: float = IMPORT_SECONDS,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> ImportReport:
    """Do `import_events` in a child process that is killed when it takes too much memory or time.

    Raises
    ------
    TableError
        Also ``too_much_memory`` and ``too_slow``.
    """
    found = read_in_child(
        "tabular.logs.events:import_for_parent",
        {
            "path": str(path),
            "spec": spec.to_dict(),
            "events_path": str(events_path),
            "rejects_path": str(rejects_path),
            "now": now.isoformat(),
        },
        memory_bytes=memory_bytes,
        seconds=seconds,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    return ImportReport.from_dict(found)


def import_for_parent(*, spec: dict, now: str, on_progress: Progress, **options) -> dict:
    """Do `import_events` in a child, with arguments and result in JSON."""
    return import_events(
        spec=EventSpec.from_dict(spec),
        now=datetime.fromisoformat(now),
        on_progress=on_progress,
        **options,
    ).to_dict()
