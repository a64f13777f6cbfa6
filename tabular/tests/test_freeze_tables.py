"""What a person chooses is frozen, and every file of the same customers is then read by it."""

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabular.errors import TableError
from tabular.snapshots.check import CheckReport, check_table
from tabular.snapshots.frame import load_frame
from tabular.snapshots.plan import SnapshotPlan, freeze, suggest, template_rows
from tabular.source.read import iter_batches
from tabular.source.spec import ParseSpec
from tabular.tests.own_tables import (
    BANK,
    bank_rows,
    german_rows,
    inferred,
    loaded,
    planned,
    write_bank,
    write_german,
)
from tabular.tests.small import write_table
from tabular.values.schema import TableSchema


def scored(path, plan, **options):
    schema = plan.table_schema(name="own", purpose="predict", **options)
    return check_table(path, schema), schema


def batch_of(path, report, schema):
    return next(iter_batches(path, report.spec, schema))


def test_a_plan_survives_json(tmp_path):
    plan = planned(write_bank(tmp_path / "bank.csv"))
    schema = plan.table_schema(name="own", purpose="train")

    assert SnapshotPlan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan
    assert TableSchema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


def test_a_table_is_loaded_as_it_was_planned(tmp_path):
    path = write_bank(tmp_path / "bank.csv")
    plan = planned(path)

    report, frame = loaded(path, plan)

    assert (report.rows_in, report.accepted, report.blanks) == (200, 200, {"Balance": 20})
    assert "20 blank cells in 1 column: Balance 20." in report.warnings
    assert plan.kinds == {
        "Geography": "category",
        "Opened": "number",
        "Balance": "number",
        "Card": "category",
    }
    assert list(frame.columns) == ["Geography", "Opened", "Balance", "Card"]
    assert frame.ids[0].as_py() == "15600000"
    assert frame.labels.tolist() == [1 if row[-1] == "1" else 0 for row in bank_rows()]
    expected = [float(row[5]) if row[5] else None for row in bank_rows()]
    assert frame.columns["Balance"].to_pylist() == expected


def test_german_numbers_and_dates_are_read_as_they_are_written(tmp_path):
    path = write_german(tmp_path / "kunden.csv")

    report, frame = loaded(path, planned(path))

    assert report.accepted == 120
    assert frame.columns["Umsatz"].to_pylist()[:2] == [1100.0, 2107.01]
    assert frame.columns["Beginn"].null_count == 0
    assert frame.labels.sum() == 30


def test_a_row_with_text_for_a_number_is_rejected_with_line_and_column(tmp_path):
    rows = german_rows()
    rows[4][2], rows[9][3] = "viel", "31.02.2023"
    plan = planned(write_german(tmp_path / "good.csv"))
    path = write_german(tmp_path / "bad.csv", rows)

    with pytest.raises(TableError) as refusal:
        loaded(path, plan)
    report, frame = loaded(path, plan, bad_rows="leave_out")

    assert (refusal.value.kind, refusal.value.line, refusal.value.column) == ("bad_number", 6, "Umsatz")
    assert (report.rows_in, report.accepted, report.rejected, len(frame)) == (120, 118, 2, 118)
    assert set(range(2, 122)) - set(frame.lines.tolist()) == {6, 11}


def test_a_file_that_misses_columns_is_refused_with_all_their_names(tmp_path):
    plan = planned(write_bank(tmp_path / "bank.csv"))
    rows = [row[:3] + row[6:] for row in bank_rows(20)]
    path = write_table(tmp_path / "t.csv", rows, header=BANK[:3] + BANK[6:])

    with pytest.raises(TableError, match="3 columns are missing: Geography, Opened, Balance"):
        scored(path, plan)


def test_unknown_values_are_counted_and_blank_ones_are_not_unknown(tmp_path):
    plan = planned(write_bank(tmp_path / "bank.csv"))
    rows = bank_rows(20)
    rows[0][3], rows[1][3], rows[2][3], rows[3][3] = "Italy", "Italy", "NULL", "GERMANY"
    known = {"Geography": ("France", "Germany", "Spain"), "Card": ("FALSE", "TRUE")}

    report, _ = scored(write_bank(tmp_path / "t.csv", rows), plan, values=known, usual={"Balance": (0, 10)})

    assert report.unknown_categories == {"Geography": {"rows": 2, "values": {"Italy": 2}}}
    assert report.blanks["Geography"] == 1
    assert report.out_of_range["Balance"]["rows"] == 18


def test_only_what_a_model_reads_is_asked_of_a_file(tmp_path):
    plan = planned(write_bank(tmp_path / "bank.csv"))
    rows = [[row[1], row[3]] for row in bank_rows(20)]
    path = write_table(tmp_path / "t.csv", rows, header=["CustomerId", "Geography"])

    report, schema = scored(path, plan, values={"Geography": ("France", "Germany")})

    assert report.accepted == 20
    assert list(batch_of(path, report, schema).columns) == ["Geography"]


def test_every_spelling_of_yes_means_the_value_that_was_learned(tmp_path):
    plan = planned(write_bank(tmp_path / "bank.csv"))
    rows = bank_rows(20)
    for row, card in zip(
        rows, ["yes", "ja", "1", "oui", "s\u00ed", "no", "nein", "0", "non", "N"], strict=False
    ):
        row[6] = card
    path = write_bank(tmp_path / "t.csv", rows)
    report, schema = scored(path, plan, values={"Card": ("FALSE", "TRUE"), "Geography": ()})

    cards = batch_of(path, report, schema).columns["Card"].to_pylist()

    assert cards[:10] == ["TRUE"] * 5 + ["FALSE"] * 5
    assert report.unknown_categories == {}


def test_an_outcome_may_be_spelled_otherwise_in_a_later_file(tmp_path):
    plan = planned(write_bank(tmp_path / "bank.csv"))
    rows = bank_rows(60)
    for row in rows:
        row[-1] = "Yes" if row[-1] == "1" else "No"

    _, frame = loaded(write_bank(tmp_path / "t.csv", rows), plan)

    assert frame.labels.tolist() == [1 if row[-1] == "Yes" else 0 for row in rows]


def test_one_value_of_many_may_mean_left_and_the_others_stayed(tmp_path):
    words = ["Stayed", "Joined", "Churned"]
    rows = [[f"C{n}", str(n % 7), words[n % 3]] for n in range(60)]
    path = write_table(tmp_path / "t.csv", rows, header=["customer_id", "visits", "Customer Status"])
    plan = planned(path)
    rows[0][2] = "Paused"
    odd = write_table(tmp_path / "odd.csv", rows, header=["customer_id", "visits", "Customer Status"])

    _, frame = loaded(path, plan)

    assert plan.label_values == ("stayed", "Churned")
    assert frame.labels.tolist() == [int(n % 3 == 2) for n in range(60)]
    with pytest.raises(TableError, match="'Paused' is not one of its values") as refusal:
        loaded(odd, plan)
    assert (refusal.value.kind, refusal.value.line) == ("bad_label", 2)


def test_customers_without_ids_are_called_after_their_rows(tmp_path):
    rows = [[str(n % 7), ("A", "B")[n % 2], ("Yes", "No")[n % 2]] for n in range(60)]
    path = write_table(tmp_path / "t.csv", rows, header=["visits", "plan", "churn"])
    plan = planned(path)

    report, frame = loaded(path, plan)

    assert frame.ids.to_pylist()[:2] == ["Row 2", "Row 3"]
    assert not plan.has_ids
    assert (report.duplicates, report.accepted) == (0, 60)


@pytest.mark.parametrize("cell", ["NULL", "", "n/a"])
def test_an_id_that_says_nothing_belongs_to_nobody(cell, tmp_path):
    rows = bank_rows(20)
    plan = planned(write_bank(tmp_path / "bank.csv"))
    rows[5][1] = cell

    with pytest.raises(TableError, match="belongs to nobody") as refusal:
        scored(write_bank(tmp_path / "t.csv", rows), plan)

    assert (refusal.value.kind, refusal.value.line) == ("missing_id", 7)


def test_twins_under_other_ids_are_counted(tmp_path):
    rows = bank_rows(60)
    rows[10][3:8], rows[50][3:8] = rows[2][3:8], rows[2][3:8]
    path = write_bank(tmp_path / "t.csv", rows)

    report, _ = loaded(path, planned(path))

    assert report.twins == {"rows": 2, "customers": 1, "lines": [4, 12]}
    assert "e.g. rows 4 and 12" in report.warnings[-1]
    assert CheckReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report
    assert ParseSpec.from_dict(json.loads(json.dumps(report.spec.to_dict()))) == report.spec


def test_copies_of_a_customer_are_duplicates_and_no_twins(tmp_path):
    rows = bank_rows(60)
    path = write_bank(tmp_path / "t.csv", [*rows, rows[3]])

    report, frame = loaded(path, planned(path))

    assert (report.rows_in, report.accepted, report.duplicates, report.twins) == (61, 60, 1, None)
    assert len(frame) == 60


def test_twins_of_a_real_table(shared, tmp_path):
    path = tmp_path / "iranian.csv"
    path.write_bytes((shared / "data/iranian_churn.csv").read_bytes())

    report, frame = loaded(path, planned(path))

    assert (report.accepted, report.twins["rows"], report.twins["customers"]) == (3150, 314, 162)
    assert round(float(frame.labels.mean()), 3) == 0.157


def test_blanks_of_a_real_table_are_nulls(shared, tmp_path):
    path = tmp_path / "na.csv"
    path.write_bytes((shared / "badfiles/real/telco_na_words.csv").read_bytes())

    report, frame = loaded(path, planned(path))

    assert (report.accepted, report.blanks) == (300, {"TotalCharges": 7})
    assert frame.columns["TotalCharges"].null_count == 7


def test_the_template_has_what_a_file_needs(tmp_path):
    plan = planned(write_bank(tmp_path / "bank.csv"))
    header, *rows = template_rows(plan, purpose="train")
    path = write_table(tmp_path / "t.csv", rows, header=header)

    report, _ = scored(path, plan)

    assert header == ["CustomerId", "Geography", "Opened", "Balance", "Card", "Exited"]
    assert template_rows(plan, purpose="predict")[0] == header[:-1]
    assert (report.accepted, rows[0][0]) == (2, "C0001")


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"outcome": None}, "needs_mapping", "which column tells who left"),
        ({"left_value": None}, "needs_mapping", "say which of its values"),
        ({"left_value": "2"}, "wrong_mapping", "no row says '2'"),
        ({"outcome": "Balance"}, "wrong_mapping", "it has 180 different values"),
        ({"id_column": "Exited"}, "wrong_mapping", "cannot both name the customers"),
        ({"kinds": {"Geography": "number"}}, "wrong_mapping", "cannot be read as number"),
        ({"kinds": {"Geography": "free text"}}, "wrong_mapping", "cannot learn from it as free text"),
        ({"left_out": tuple(BANK)}, "wrong_mapping", "Every column is left out"),
        ({"left_out": ("Wealth",)}, "missing_columns", "no column 'Wealth'"),
    ],
)
def test_refuses_what_cannot_be_read(changes, kind, sentence, tmp_path):
    found = inferred(write_bank(tmp_path / "bank.csv"))

    with pytest.raises(TableError, match=sentence) as refusal:
        freeze(found, replace(suggest(found), **changes))

    assert refusal.value.kind == kind


@pytest.mark.parametrize(
    ("name", "cell", "remedy"),
    [
        ("Left", "x", "it says 'x' or nothing, and 60 cells are blank. Write No into the blank cells"),
        (
            "Cancelled on",
            "2026-01-10",
            "it says when .e.g. '2026-01-10'., and 60 cells are blank. Add",
        ),
    ],
)
def test_an_outcome_that_says_nothing_of_who_stayed_is_told_how_to(name, cell, remedy, tmp_path):
    days = [cell[:-1] + str(row % 9) if len(cell) > 1 else cell for row in range(90)]
    rows = [[f"c{row}", "ab"[row % 2], "" if row % 3 else days[row]] for row in range(90)]
    found = inferred(write_table(tmp_path / "t.csv", rows, header=["Nr", "Plan", name]))

    with pytest.raises(TableError, match=f"who left. The name of column '{name}' says it, but"):
        freeze(found, suggest(found))
    with pytest.raises(TableError, match=f"Column '{name}': {remedy}"):
        freeze(found, replace(suggest(found), outcome=name, left_value=cell))


def test_asks_how_dates_and_numbers_are_written_where_no_row_tells(tmp_path):
    rows = [
        [f"C{n}", f"{1 + n % 12:02d}/{1 + n % 11:02d}/2023", f"{1 + n % 9}.{100 + n}", ("Yes", "No")[n % 2]]
        for n in range(60)
    ]
    path = write_table(tmp_path / "t.csv", rows, header=["customer_id", "joined", "spend", "churn"])

    with pytest.raises(TableError, match="Say in which order") as dates:
        planned(path)
    with pytest.raises(TableError, match="Say whether the decimal sign") as numbers:
        planned(path, date_orders={"joined": "MDY"})
    plan = planned(path, date_orders={"joined": "MDY"}, decimals={"spend": ","})
    _, frame = loaded(path, plan)

    assert (dates.value.kind, numbers.value.kind) == ("ambiguous_dates", "ambiguous_numbers")
    assert frame.columns["spend"].to_pylist()[:2] == [1100.0, 2101.0]
    assert frame.columns["joined"].to_pylist()[0] > frame.columns["joined"].to_pylist()[11]


def test_a_number_may_be_taken_for_a_category_instead(tmp_path):
    rows = [[f"C{n}", str(n % 3), f"{n}.5", ("Yes", "No")[n % 2]] for n in range(60)]
    path = write_table(tmp_path / "t.csv", rows, header=["customer_id", "plan number", "spend", "churn"])

    plan = planned(path, kinds={"plan number": "category"})
    _, frame = loaded(path, plan)

    assert plan.kinds == {"plan number": "category", "spend": "number"}
    assert frame.columns["plan number"].to_pylist()[:3] == ["0", "1", "2"]


def test_cells_mean_the_same_in_bulk_and_one_by_one(tmp_path):
    rows = german_rows()
    for row, cell in zip(rows, ["", "NaN", "-", "12,5", "1e3", "(7,50)", "\u20ac 3", "None"], strict=False):
        row[2], row[3] = cell, cell if cell in ("", "NaN", "-", "None") else row[3]
    plan = planned(write_german(tmp_path / "good.csv"))
    plain = write_german(tmp_path / "plain.csv", rows)
    # A line break inside a cell keeps its block from being read in bulk.
    broken = write_german(tmp_path / "broken.csv", [["K-\n1", *rows[0][1:]], *rows[1:]])

    reports = [loaded(path, plan) for path in (plain, broken)]

    assert reports[0][0].blanks == reports[1][0].blanks == {"Umsatz": 4, "Beginn": 4}
    one, other = (frame.columns for _, frame in reports)
    assert {name: one[name].to_pylist() for name in one} == {n: other[n].to_pylist() for n in other}
    assert one["Umsatz"].to_pylist()[:8] == [None, None, None, 12.5, 1000.0, -7.5, 3.0, None]


def test_follows_the_line_that_excel_writes_before_a_table(tmp_path):
    path = write_german(tmp_path / "kunden.csv")
    path.write_bytes(b"sep=;\r\n" + path.read_bytes())

    report, frame = loaded(path, planned(path))

    assert (report.accepted, frame.lines[0]) == (120, 3)


cells = st.sampled_from(
    ["", "NA", "1", "2.5", "-3", "1e3", "x", "+5", "1,5", "nan", "1 000", "\u0663", "'", "None"]
)
days = st.sampled_from(["", "2024-01-05", "05/01/2024", "2024-02-30", "null", "soon", "2024-01-05 10:00"])
words = st.sampled_from(["", "A", "a ", "B", "?", "None", "1.0", "yes", "-", "\u00e9"])
outcomes = st.sampled_from(["Yes", "No", "yes", "0", "", "maybe"])
names = st.sampled_from(["", "a", "b", "c", "d", "NULL", "e"])


@settings(max_examples=120, deadline=None)
@given(
    rows=st.lists(st.tuples(names, cells, days, words, outcomes), min_size=1, max_size=25),
    purpose=st.sampled_from(["predict", "train"]),
    quote_all=st.booleans(),
)
def test_every_row_is_accepted_a_duplicate_or_rejected(rows, purpose, quote_all):
    header = ["customer_id", "spend", "joined", "plan", "churn"]
    sure = [
        [f"C{n}", f"{n}.5", f"2024-01-{1 + n % 28:02d}", "AB"[n % 2], ("Yes", "No")[n % 2]] for n in range(60)
    ]
    with TemporaryDirectory() as folder:
        plan = planned(write_table(Path(folder, "good.csv"), sure, header=header))
        path = write_table(Path(folder, "t.csv"), [*sure, *rows], header=header, quote_all=quote_all)
        schema = plan.table_schema(name="own", purpose=purpose)
        report = check_table(path, schema, purpose=purpose, bad_rows="leave_out")
        batches = list(iter_batches(path, report.spec, schema))

        assert report.rows_in == report.accepted + report.duplicates + report.rejected
        assert sum(map(len, batches)) == report.accepted >= 60
        blanks = sum(batch.columns[name].null_count for batch in batches for name in ("spend", "joined"))
        counted = report.blanks.get("spend", 0) + report.blanks.get("joined", 0)
        assert blanks <= counted
        if purpose == "train":
            assert len(load_frame(path, report.spec, schema)) == report.accepted
