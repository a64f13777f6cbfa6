"""Whatever is in a log, it is refused in words, or every row is accounted for and read as it was shown."""

import json
import random

import pyarrow.parquet as pq
import pytest

from tabular.errors import TableError
from tabular.logs.events import import_events, preview_events
from tabular.logs.mapping import freeze
from tabular.previews.preview import Preview, preview_table
from tabular.tests.logs import NOW, guessed, write_log

IDS = ["A", "b", "C1", "d", " A", "e", "007", "7", "\u00e9", "f"]
DAYS = [
    "2024-01-05",
    "05/01/2024",
    "13/01/2024",
    "2024-01-05 10:00:00",
    "5 Jan 2024",
    "20240105",
    "1/13/2024 8:05",
]
TIMES = ["18:30", "8:05:09", "6:30 PM", "12:00 am", "0.75", "24:00", "7 p.m.", ""]
AMOUNTS = [
    "1", "-1", "1.5", "1,5", "1.234", "1,234.50", "\u20ac5", "(3)", "1.234,5", "1 234,5", "-0.5", ".5",
    "1,00,000", "5.-",
]  # fmt: skip
STRANGE = [
    "", "  ", "nan", "NULL", "=1+1", "a\nb", 'q"q', "C536379", "536379", "yes", "\u0660", "1e400", "9" * 20,
    "-", "$", "()", "- 5", "\ufeff", "\t", "a\rb", "9999-12-31", "1800-01-01", "T", "::", "24-12-31", "1/1/1",
    "0/0/0000", "45292",
]  # fmt: skip
OPTIONAL = ["quantity", "order_id", "event_type", "label", "product", "discount", "x", "", "amount", "time"]


def strange_log(path, seed):
    choose = random.Random(seed)

    def some(usual):
        few = choose.sample(usual, choose.randint(1, 3)) * choose.choice([1, 30])
        return few + choose.sample(STRANGE, choose.choice([0, 0, 1, 2]))

    header = ["customer_id", "order_date", "amount", *choose.sample(OPTIONAL, choose.randint(0, 4))]
    columns = [IDS + choose.sample(STRANGE, choose.choice([0, 0, 2])), some(DAYS), some(AMOUNTS)]
    columns += [
        some(TIMES) if name == "time" else some(AMOUNTS) if choose.random() < 0.5 else some(STRANGE)
        for name in header[3:]
    ]
    rows = [[choose.choice(column) for column in columns] for _ in range(choose.choice([1, 5, 60]))]
    rows = [row[: choose.choice([len(row)] * 30 + [2])] for row in rows]
    return write_log(path, rows, header=header, delimiter=choose.choice(",;\t|"))


@pytest.mark.parametrize(
    "seeds",
    [
        *(range(start, start + 30) for start in range(0, 120, 30)),
        *(
            pytest.param(range(start, start + 250), marks=pytest.mark.prove)
            for start in range(120, 1_120, 250)
        ),
    ],
    ids=str,
)
def test_ends_in_a_sentence_or_an_account(seeds, tmp_path):
    imported = 0
    for seed in seeds:
        path = strange_log(tmp_path / "log.csv", seed)
        try:
            preview = Preview.from_dict(
                json.loads(json.dumps(preview_table(path).to_dict(), allow_nan=False))
            )
            spec = freeze(preview, guessed(preview), date_order=None if seed % 2 else "DMY", decimal=".")
            shown = preview_events(preview, spec)
            report = import_events(
                path, spec, events_path=tmp_path / "events", rejects_path=tmp_path / "rejects", now=NOW
            )
        except TableError as refusal:
            assert len(refusal.message) > 20
            continue
        imported += 1
        events = pq.read_table(tmp_path / "events").to_pylist()
        assert report.rows_in == report.accepted + report.duplicates + report.rejected == preview.rows_in_file
        assert report.accepted == len(events)
        good = [row["values"] for row in shown if not row["fault"] and row["values"]["event_at"] < "2026"]
        told = {json.dumps(row) for row in good}
        read = {json.dumps(row | {"event_at": row["event_at"].isoformat(" ")}) for row in events}
        assert read == {json.dumps({name: json.loads(row)[name] for name in events[0]}) for row in told}
    assert imported
