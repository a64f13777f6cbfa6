"""Real purchase logs go through all guesses without a question, and come out right."""

import shutil
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tabular.logs.events import import_events
from tabular.logs.mapping import freeze
from tabular.previews.preview import preview_table
from tabular.tests.logs import NOW, guessed

DATA = Path(__file__).resolve().parents[2] / "../shared/data"

if not DATA.exists():
    pytest.skip("the real data (../shared/data) is not here", allow_module_level=True)


@pytest.fixture
def imported(tmp_path):
    def run(name):
        path = tmp_path / "log.csv"
        shutil.copyfile(DATA / name, path)
        preview = preview_table(path)
        mapping = guessed(preview)
        events = tmp_path / "events.parquet"
        report = import_events(
            path, freeze(preview, mapping), events_path=events, rejects_path=tmp_path / "rejects.csv", now=NOW
        )
        return mapping, report, pq.read_table(events)

    return run


def test_raw_lines_of_invoices(imported):
    mapping, report, events = imported("online_retail_lines_sample.csv")

    assert mapping == {
        "customer_id": "CustomerID", "event_at": "InvoiceDate", "order_id": "InvoiceNo",
        "product": "Description", "quantity": "Quantity", "unit_price": "UnitPrice",
    }  # fmt: skip
    assert (report.rows_in, report.accepted, report.duplicates, report.rejected) == (31_783, 30_863, 520, 400)
    assert (report.missing_ids, report.customers, report.cancellations, report.has_time) == (
        400,
        300,
        598,
        True,
    )
    cancelled = events.filter(pc.starts_with(events["order_id"], "C"))
    assert pc.unique(cancelled["event_type"]).to_pylist() == ["return"]
    assert pc.max(cancelled["amount"]).as_py() < 0
    assert events.slice(0, 1).to_pylist()[0]["amount"] == 51.0


def test_one_row_for_each_invoice(imported):
    mapping, report, events = imported("online_retail_invoices.csv")

    assert mapping == {
        "customer_id": "cust", "event_at": "date", "amount": "amount", "order_id": "order",
        "quantity": "n_items",
    }  # fmt: skip
    assert (report.rows_in, report.accepted, report.customers) == (18_532, 18_532, 4338)
    assert (report.first_at, report.last_at) == ("2010-12-01 00:00:00", "2011-12-09 00:00:00")
    assert round(pc.sum(events["amount"]).as_py(), 2) == 8_911_407.9


def test_purchases_with_days_only(imported):
    mapping, report, _ = imported("cdnow_sample_transactions.csv")

    assert mapping == {"customer_id": "cust", "event_at": "date", "amount": "amount", "quantity": "n_items"}
    assert (report.rows_in, report.accepted, report.duplicates) == (6919, 6898, 21)
    assert (report.customers, report.has_time) == (2357, False)
    assert (report.first_at, report.last_at) == ("1997-01-01 00:00:00", "1998-06-30 00:00:00")
