"""Small purchase logs for tests that vary how they are written."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq

from tabular.logs.events import ImportReport, import_events
from tabular.logs.mapping import freeze, guess_mapping
from tabular.previews.preview import Preview, preview_table

HEADER = ("customer_id", "order_date", "amount", "event_type")
NOW = datetime(2026, 1, 1)


def write_log(path: Path, rows, *, header=HEADER, delimiter=",", encoding="utf-8", bom=b"") -> Path:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    path.write_bytes(bom + text.getvalue().encode(encoding))
    return path


def write_orders(path: Path, dates, *, amounts=None, customers=9) -> Path:
    """Write a log with these dates (and amounts, or different ones), each row another purchase."""
    amounts = amounts or [f"{n}.50" for n in range(1, len(dates) + 1)]
    return write_log(
        path, [(f"C{n % customers}", date, amounts[n], "purchase") for n, date in enumerate(dates)]
    )


def guessed(preview: Preview) -> dict[str, str]:
    return {role: guess.column for role, guess in guess_mapping(preview).items()}


def import_log(
    path: Path, mapping: dict[str, str] | None = None, **answers
) -> tuple[ImportReport, list[dict], list[dict]]:
    """Import a log by its guesses; return the report, the events and the rejects."""
    preview = preview_table(path)
    spec = freeze(preview, mapping or guessed(preview), **answers)
    events, rejects = path.with_name("events.parquet"), path.with_name("rejects.csv")
    rejects.unlink(missing_ok=True)
    report = import_events(path, spec, events_path=events, rejects_path=rejects, now=NOW)
    listed = []
    if rejects.exists():
        with rejects.open(encoding="utf-8-sig", newline="") as file:
            listed = list(csv.DictReader(file))
    return report, pq.read_table(events).to_pylist(), listed
