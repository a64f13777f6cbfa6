"""Kinds of files as people send them, with members made here: each is read alike wherever it is given, or
refused with what to do. The doors beyond share these readings; that each passes on what a person says is
tried with the doors.
"""

import csv
import io
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from ml.matrix.telco import TELCO_V1
from ml.samples.dataset_a import make_dataset_a
from registry.engines.frames import read_customers
from registry.engines.tables import customers_table, table_schema
from tabular.errors import TableError
from tabular.logs.events import import_events
from tabular.logs.mapping import freeze as freeze_log
from tabular.logs.mapping import guess_mapping
from tabular.previews.preview import preview_table
from tabular.snapshots.check import check_table
from tabular.snapshots.inference import infer_table
from tabular.snapshots.plan import freeze, suggest
from tabular.values.customer_words import NO, YES

pytestmark = pytest.mark.any_database

NOW = datetime(2026, 3, 2, tzinfo=UTC)
MISSING = (
    "NA",
    "N/A",
    "n/a",
    "#DIV/0!",
    "########",
    "NULL",
    "null",
    "NaN",
    "nan",
    "None",
    "-",
    r"\N",
    "#N/A",
    "<NA>",
    "?",
    ".",
    "nil",
)
SHOPS = {
    "Shopify": ("paid", "partially_refunded", "refunded", "voided", "pending", "authorized"),
    "WooCommerce": (
        "wc-completed",
        "wc-processing",
        "wc-refunded",
        "wc-cancelled",
        "wc-on-hold",
        "wc-failed",
    ),
    "Magento": ("Complete", "Processing", "Canceled", "Refunded", "Holded", "Pending Payment"),
    "PrestaShop": (
        "Payment accepted",
        "Delivered",
        "Refunded",
        "Canceled",
        "Payment error",
        "Awaiting payment",
    ),
    "German": ("bezahlt", "Versandt", "storniert", "erstattet", "offen", "Zahlung fehlgeschlagen"),
    "French": ("Payée", "Expédiée", "Remboursée", "Annulée", "en attente", "échouée"),
    "Polish": ("zrealizowane", "Wysłane", "zwrócone", "anulowane", "oczekuje", "nieudane"),
}


@pytest.fixture(scope="module")
def telecom():
    """Return customers of a telecom company as rows of text, the header first."""
    table = make_dataset_a(rows=200, seed=3)
    return [list(table.columns), *table.astype(str).values.tolist()]


def write(path, rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def with_cells(rows, column, cells):
    """Return rows with other texts in a column, repeated over all rows."""
    head, *rest = rows
    place = head.index(column)
    return [head, *([*row[:place], cells[n % len(cells)], *row[place + 1 :]] for n, row in enumerate(rest))]


def respelled(rows, column, spellings):
    head, *rest = rows
    place = head.index(column)
    return [head, *([*row[:place], spellings.get(row[place], row[place]), *row[place + 1 :]] for row in rest)]


def own_schema(path, purpose="train"):
    preview = preview_table(path)
    plan = freeze(infer_table(path, preview), suggest(infer_table(path, preview)))
    return plan.table_schema(name="own", purpose=purpose)


def read_log(path, tmp_path, **said):
    preview = preview_table(path)
    mapping = {role: guess.column for role, guess in guess_mapping(preview).items()}
    report = import_events(
        path,
        freeze_log(preview, mapping, **said),
        events_path=tmp_path / "events",
        rejects_path=tmp_path / "rejects",
        now=NOW,
    )
    return mapping, report, pq.read_table(tmp_path / "events").to_pylist()


# --- Words where nothing is known --------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", ["predict", "train"])
def test_words_are_blanks_where_a_blank_is_legal(purpose, telecom, tmp_path):
    rows = [row for row in telecom if row[telecom[0].index("tenure")] not in ("0", "tenure")]
    new = [[*row] for row in rows[: len(MISSING)]]
    for row, word in zip(new, MISSING, strict=True):
        row[0] = f"new {word}"
        row[telecom[0].index("tenure")], row[telecom[0].index("TotalCharges")] = "0", word
    path = write(tmp_path / "t.csv", [telecom[0], *rows, *new])

    report = check_table(path, table_schema(TELCO_V1, purpose=purpose), purpose=purpose)

    assert report.rejected == 0
    assert any(
        f"{len(MISSING)} blank cells read as 0, because tenure is 0" in text for text in report.warnings
    )
    assert any(
        text.startswith(f"{len(MISSING)} cells say ") and text.endswith(": read as blank.")
        for text in report.warnings
    )


def test_where_no_blank_is_legal_the_word_is_named(telecom, tmp_path):
    path = write(tmp_path / "t.csv", with_cells(telecom, "MonthlyCharges", ("20.5", "30", "NULL")))

    with pytest.raises(TableError) as refused:
        check_table(path, table_schema(TELCO_V1, purpose="predict"))

    assert refused.value.message.startswith(
        "Row 4, column MonthlyCharges: 'NULL' says that nothing is known where a number is needed."
    )
    assert refused.value.message.endswith("Download them, or leave them out.")


@pytest.mark.parametrize("word", MISSING)
def test_each_word_is_a_blank_in_a_table_of_ones_own_and_in_a_log(word, telecom, tmp_path):
    cells = ["20.5", "30", word, "41.25"]
    own = write(tmp_path / "own.csv", with_cells(telecom, "MonthlyCharges", cells))
    report = check_table(own, own_schema(own), purpose="train")
    assert (report.rejected, report.blanks["MonthlyCharges"]) == (0, 50)
    assert f"50 cells say {word}: read as blank." in report.warnings

    head = ["customer", "date", "amount", "quantity", "discount"]
    days = [[f"C{n % 20}", f"2025-0{1 + n % 9}-1{n % 7}", f"{n}.50", "1", "2.5"] for n in range(100)]
    log = write(tmp_path / "log.csv", with_cells([head, *days], "discount", ["1.5", word]))
    _, imported, events = read_log(log, tmp_path)
    assert (imported.rejected, imported.missing["discount"]) == (0, 50)
    assert f"50 cells say {word}: read as blank." in imported.warnings
    assert [event["discount"] for event in events[:2]] == [1.5, None]


@pytest.mark.parametrize("word", MISSING)
def test_a_purchase_without_amount_or_customer_names_the_word(word, tmp_path):
    head = ["customer", "date", "amount"]
    rows = [[f"C{n % 20}", f"2025-0{1 + n % 9}-1{n % 7}", f"{n}.50"] for n in range(100)]
    rows[4][2], rows[7][0] = word, word
    _, report, _ = read_log(write(tmp_path / "log.csv", [head, *rows]), tmp_path)

    assert report.rejected_by_reason == {"bad_number": 1, "missing_id": 1}
    said = (tmp_path / "rejects").read_text(encoding="utf-8-sig")
    assert "says that nothing is known where a purchase needs an amount" in said
    assert "says that there is none, so this row belongs to nobody" in said


# --- Yes and no ------------------------------------------------------------------------------------------

PAIRS = [
    ("TRUE", "FALSE"),
    ("1", "0"),
    ("Ja", "Nein"),
    ("oui", "non"),
    ("sí", "no"),
    ("tak", "nie"),
    ("да", "нет"),
]


@pytest.mark.parametrize(("yes", "no"), PAIRS)
@pytest.mark.parametrize("purpose", ["predict", "train"])
def test_other_words_for_yes_and_no_are_the_same_customers(yes, no, purpose, telecom, tmp_path):
    schema = table_schema(TELCO_V1, purpose=purpose)
    rows = respelled(telecom, "SeniorCitizen", {"1": yes, "0": no})
    for column in ("Partner", "Dependents", "OnlineSecurity", "Churn"):
        rows = respelled(rows, column, {"Yes": yes, "No": no})
    here, there = write(tmp_path / "a.csv", telecom), write(tmp_path / "b.csv", rows)
    usual, other = (check_table(path, schema, purpose=purpose) for path in (here, there))

    assert other.unknown_categories == {}
    said = [text for text in other.warnings if text.startswith("Column Partner: ")]
    assert len(said) == 1 and "read in another spelling" in said[0]
    one, two = read_customers(here, usual.spec, schema), read_customers(there, other.spec, schema)
    assert one.frame.equals(two.frame)


@pytest.mark.parametrize(("yes", "no"), PAIRS)
def test_they_are_in_a_table_of_ones_own(yes, no, telecom, tmp_path):
    first = write(tmp_path / "first.csv", telecom)
    schema = own_schema(first)
    rows = telecom
    for column in ("Partner", "Dependents", "Churn"):
        rows = respelled(rows, column, {"Yes": yes, "No": no})
    report = check_table(write(tmp_path / "next.csv", rows), schema, purpose="train")

    assert (report.accepted, report.unknown_categories) == (200, {})


def test_no_word_says_both():
    assert not YES & NO


# --- Words of shops ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shop", SHOPS)
def test_the_words_of_a_shop_give_purchases(shop, tmp_path):
    paid, also_paid, back, also_back, open_, failed = words = SHOPS[shop]
    head = ["Order ID", "Customer Email", "Order Date", "Order Status", "Order Total"]
    rows = [
        [1000 + n, f"k{n % 20}@example.com", f"2025-0{1 + n % 9}-1{n % 7}", words[n % 6], f"{n}.50"]
        for n in range(120)
    ]
    path = write(tmp_path / "orders.csv", [head, *rows])

    mapping, report, _ = read_log(path, tmp_path)

    assert mapping["event_type"] == "Order Status"
    expected = {"purchase": 40, "return": 40, open_.lower(): 20, failed.lower(): 20}
    if shop == "Shopify":
        # A part of it came back, and the rest is paid for.
        expected = {"purchase": 40, "return": 40, "pending": 20, "authorized": 20}
    assert report.event_types == expected

    said = {open_: "purchase", paid: "neither"}
    _, changed, events = read_log(path, tmp_path, meanings=said)
    assert changed.event_types[paid.lower()] == 20
    assert changed.event_types["purchase"] == 40
    assert events[4]["event_type"] == "purchase"


# --- Marks in cells ----------------------------------------------------------------------------------------


def test_marks_as_databases_write_them_are_refused_with_row_and_column(telecom, tmp_path):
    lines = [",".join(row) for row in telecom]
    lines[3] = lines[3].replace(telecom[3][0], '"0003 \\"x\\" Ltd"')
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))

    with pytest.raises(
        TableError, match="Row 4, column customerID: a quotation mark inside a cell"
    ) as refused:
        check_table(path, table_schema(TELCO_V1, purpose="predict"))

    assert refused.value.column == "customerID"
    assert any("Row 4, column customerID" in text for text in preview_table(path).warnings)


def test_a_very_wide_header_is_said_with_its_number(tmp_path):
    path = write(tmp_path / "t.csv", [[f"c{n}" for n in range(20_021)], ["1"] * 20_021])

    with pytest.raises(TableError, match="The table has 20,021 columns; 500 is the most"):
        preview_table(path)
    with pytest.raises(TableError, match="The table has 20,021 columns; 16,384 is the most"):
        check_table(path, table_schema(TELCO_V1, purpose="predict"))


# --- Columns apart by spaces -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("between", "called"),
    [(" ", "spaces"), ("     ", "spaces"), ("^", "'^'"), ("~", "'~'"), (" : ", "colons")],
)
def test_columns_apart_by_other_signs_are_refused_with_that_cause(between, called, tmp_path):
    rows = [("customer", "date", "amount"), *((f"C{n}", "2025-01-05", f"{n}.50") for n in range(40))]
    path = tmp_path / "log.txt"
    path.write_text("\n".join(between.join(row) for row in rows))

    for read in (preview_table, lambda path: check_table(path, table_schema(TELCO_V1, purpose="predict"))):
        with pytest.raises(TableError) as refused:
            read(path)
        assert f"The columns stand apart by {called}, as in 'C0" in refused.value.message


def test_columns_of_fixed_widths_are_refused_with_that_cause(tmp_path):
    rows = [("customer", "date", "amount", "churned")]
    rows += [(f"C{n}", f"2025-01-05 18:{n:02d}", f"{n}.50", "Yes" * (n % 2)) for n in range(40)]
    path = tmp_path / "log.txt"
    path.write_text("\n".join("".join(cell.ljust(18) for cell in row).rstrip() for row in rows))

    for read in (preview_table, lambda path: check_table(path, table_schema(TELCO_V1, purpose="predict"))):
        with pytest.raises(TableError, match="The columns stand apart by spaces, as in 'C0 2025-01-05 18:00"):
            read(path)


@pytest.mark.parametrize("text", ['[{"customer": 1}]', '{"rows": []}', '\n[\n  {"a": 1}', "[[1, 2]]"])
def test_json_is_called_so(text, tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(text)

    with pytest.raises(TableError, match="This is JSON, not a table"):
        preview_table(path)


# --- The shared examples --------------------------------------------------------------------------------


def test_the_shared_examples_end_as_they_must(shared, tmp_path):
    folder = shared / "badfiles" / "real"
    if not folder.exists():
        pytest.skip("the shared examples are not here")

    def checked(name):
        path = tmp_path / name
        path.write_bytes((folder / name).read_bytes())
        return check_table(path, customers_table(TELCO_V1, None, purpose="train"), purpose="train")

    for name in ("sep_line.csv", "telco_senior_words.csv", "r28_booleans.xlsx", "r09_zero_format.xlsx"):
        report = checked(name)
        assert (report.rejected, report.unknown_categories) == (0, {}), name
    beside = checked("r27_note_beside.xlsx")
    assert (beside.rows_in, beside.warnings) == (60, ("1 cell to the right of the header ignored.",))
    for name, kind in {
        "telco_na_words.csv": "bad_number",
        "r01b_gbk_ids.csv": "bad_encoding",
        "r20d_mysql_telco.csv": "ragged_rows",
        "xlsx_macro.xlsm": "unsupported_type",
    }.items():
        with pytest.raises(TableError) as refused:
            checked(name)
        assert refused.value.kind == kind
