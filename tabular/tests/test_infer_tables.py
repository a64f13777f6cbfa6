"""What the columns of any table of customers are, with the reason, and who says that somebody left."""

import json
import shutil

import pytest

from tabular.previews.preview import preview_table
from tabular.previews.recognition import looks_like_a_log, looks_like_customers
from tabular.snapshots.inference import Inferred, infer_table, infer_table_in_child
from tabular.tests.logs import write_orders
from tabular.tests.own_tables import bank_rows, german_rows, inferred, write_bank, write_german
from tabular.tests.small import write_table


@pytest.fixture
def copied(shared, tmp_path):
    """Copy a file of the shared folder: reading leaves files beside it."""

    def copy(name):
        return shutil.copy(shared / name, tmp_path)

    return copy


def kinds_of(found):
    return {column.name: column.kind for column in found.columns}


def roles_of(found):
    return {column.name: column.role for column in found.columns}


def values_table(tmp_path, name, cells):
    """Write a table with an id, a column of `cells` and an outcome."""
    rows = [[f"C{place}", cell, ("Yes", "No")[place % 2]] for place, cell in enumerate(cells)]
    path = write_table(tmp_path / "t.csv", rows, header=["customer_id", name, "churn"], delimiter=";")
    return inferred(path).column(name)


def test_reads_a_bank_table(tmp_path):
    found = inferred(write_bank(tmp_path / "bank.csv"))

    assert kinds_of(found) == {
        "RowNumber": "id",
        "CustomerId": "id",
        "Surname": "free text",
        "Geography": "category",
        "Opened": "date",
        "Balance": "number",
        "Card": "yes/no",
        "Branch": "constant",
        "Exited": "yes/no",
    }
    assert roles_of(found) == dict.fromkeys(["RowNumber", "Surname", "Branch"], "left out") | {
        "CustomerId": "id",
        "Geography": "feature",
        "Opened": "feature",
        "Balance": "feature",
        "Card": "feature",
        "Exited": "outcome",
    }
    assert (found.outcomes[0].column, found.outcomes[0].left_value) == ("Exited", "1")
    assert found.id_reason == (
        "'CustomerId' tells the customers apart: different in each row. "
        "'RowNumber' does so too and is left out."
    )
    balance = found.column("Balance")
    assert (balance.blanks, balance.share_blank) == (20, 0.1)
    assert 0 < balance.minimum < balance.maximum < 250_000


def test_says_why_a_column_is_what_it_is(tmp_path):
    path = write_bank(tmp_path / "bank.csv")
    reasons = {column.name: column.reason for column in inferred(path).columns}

    assert reasons["Geography"].startswith("3 different values, the most frequent in ")
    assert reasons["Branch"] == "Every row says 'Main'."
    assert reasons["Card"] == "Its two values, 'FALSE' and 'TRUE', say no and yes."
    assert reasons["Opened"].startswith("Dates from 2015-")
    assert "speaks of one person" in reasons["Surname"]


def test_reads_semicolons_decimal_commas_and_german_words(tmp_path):
    found = inferred(write_german(tmp_path / "kunden.csv"))

    assert kinds_of(found) == {
        "Kundennummer": "id",
        "Tarif": "category",
        "Umsatz": "number",
        "Beginn": "date",
        "Newsletter": "yes/no",
        "gek\u00fcndigt": "yes/no",
    }
    assert (found.column("Umsatz").written["decimal"], found.column("Umsatz").maximum) == (",", 9912.16)
    assert found.column("Beginn").written["date_order"] == "DMY"
    assert (found.outcomes[0].column, found.outcomes[0].left_value) == ("gek\u00fcndigt", "ja")


def test_counts_examples_with_the_most_frequent_first(tmp_path):
    column = values_table(tmp_path, "plan", ["Pro"] * 3 + ["Basic"] * 7 + ["Gold"] * 2)

    assert column.examples == (("Basic", 7), ("Pro", 3), ("Gold", 2))
    assert (column.distinct, column.is_exact) == (3, True)


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("zone", [str(n % 2 + 1) for n in range(40)], "category"),
        ("branch code", [str(n % 5) for n in range(40)], "category"),
        ("visits", [str(n % 5) for n in range(40)], "number"),
        ("Customer Value", [f"{n * 1.25}" for n in range(40)], "number"),
        ("member", ["oui", "non"] * 20, "yes/no"),
        ("member", ["si", "no"] * 20, "yes/no"),
        ("member", ["Yes", "No", "maybe", "No"] * 10, "category"),
        ("comment", [f"said number {n} of many things" for n in range(40)], "free text"),
        ("plan", ["Pro", ""] * 20, "category"),
        ("plan", ["", "NA"] * 20, "constant"),
        ("score", [*map(str, range(38)), "NaN", "n/a"], "number"),
        ("insurance", ["None", "Full", "Part", "Full"] * 10, "category"),
    ],
)
def test_tells_types_apart(name, cells, kind, tmp_path):
    assert values_table(tmp_path, name, cells).kind == kind


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("{n}.25 kg", True),
        ("{n}.5GB", True),
        ("£{n}.10/month", True),
        ("<{n} days", True),
        ("{n} High Street in a town of 9 streets", False),
        ("K-{n}", False),
    ],
)
def test_numbers_with_a_unit_are_left_out_with_that_reason(cell, said, tmp_path):
    column = values_table(tmp_path, "weight", [cell.format(n=n) for n in range(40)])

    assert column.role == "left out"
    assert column.role_reason.startswith("Its numbers have something behind them, as in ") == said


def test_few_different_numbers_with_a_unit_are_told_so(tmp_path):
    many = values_table(tmp_path, "tenure", [f"{n % 30} months" for n in range(90)])
    few = values_table(tmp_path, "tenure", [f"{12 * (n % 3)} months" for n in range(90)])
    plans = values_table(tmp_path, "plan", [f"Plan {n % 3}" for n in range(90)])

    assert (many.kind, many.role) == ("category", "left out")
    assert many.role_reason.startswith("Its numbers have something behind them, as in '0 months'.")
    assert (few.kind, few.role) == ("category", "feature")
    assert [column.reason.count("something behind them, as in '0 months'") for column in (few, plans)] == [
        1,
        0,
    ]


def test_takes_none_for_an_answer_among_words_and_for_a_blank_among_numbers(tmp_path):
    words = values_table(tmp_path, "insurance", ["None", "Full", "Part", "Full"] * 10)
    numbers = values_table(tmp_path, "limit", ["None", "5", "7.5", "9"] * 10)

    assert (words.distinct, words.blanks) == (3, 0)
    assert (numbers.kind, numbers.blanks, numbers.missing_words) == ("number", 10, {"None": 10})


def test_calls_customers_after_their_rows_where_nothing_names_them(copied):
    found = inferred(copied("data/iranian_churn.csv"))

    assert found.id_column is None
    assert "Row 17" in found.id_reason
    assert (found.outcomes[0].column, found.outcomes[0].left_value) == ("Churn", "1")
    assert found.column("Call  Failure").label == "Call Failure"
    assert found.column("Customer Value").kind == "number"
    assert roles_of(found).keys() == {column.name for column in found.columns}
    assert set(roles_of(found).values()) == {"feature", "outcome"}


def test_reads_the_telecom_table(copied):
    found = inferred(copied("data/telco_ibm.csv"))

    assert (found.id_column, found.outcomes[0].left_value) == ("customerID", "Yes")
    assert found.column("SeniorCitizen").kind == "yes/no"
    assert (found.column("TotalCharges").kind, found.column("TotalCharges").blanks) == ("number", 11)


def test_reads_words_for_missing_values_as_blank_and_says_so(copied):
    found = inferred(copied("badfiles/real/telco_na_words.csv"))

    assert (found.column("TotalCharges").kind, found.column("TotalCharges").blanks) == ("number", 7)
    assert found.column("TotalCharges").minimum == 41.68
    assert "6 cells say NaN, NULL or N/A: read as blank." in found.warnings


@pytest.mark.parametrize("name", ["r28_booleans.xlsx", "telco_senior_words.csv", "r27_note_beside.xlsx"])
def test_reads_two_valued_columns_however_they_are_spelled(name, copied):
    found = inferred(copied(f"badfiles/real/{name}"))

    assert found.column("SeniorCitizen").kind == found.column("Partner").kind == "yes/no"
    assert found.outcomes[0].column == "Churn"
    assert found.id_column == "customerID"


@pytest.mark.parametrize(
    ("name", "values", "left"),
    [
        ("Attrition", ["Yes", "No"], "Yes"),
        ("status", ["active", "churned"], "churned"),
        ("Attrition_Flag", ["Existing Customer", "Attrited Customer"], "Attrited Customer"),
        ("is_active", ["1", "0"], "0"),
        ("r\u00e9sili\u00e9", ["oui", "non"], "oui"),
        ("Customer Status", ["Stayed", "Joined", "Churned"], "Churned"),
        ("baja", ["s\u00ed", "no"], "s\u00ed"),
        ("Status", ["1", "2"], None),
    ],
)
def test_proposes_the_value_that_means_left(name, values, left, tmp_path):
    rows = [[f"C{place}", str(place % 7), values[place % len(values)]] for place in range(60)]
    path = write_table(tmp_path / "t.csv", rows, header=["customer_id", "visits", name])

    best = inferred(path).outcomes[0]

    assert (best.column, best.left_value) == (name, left)
    assert left is not None or "please say" in best.reason


def test_asks_about_what_is_known_only_afterwards(tmp_path):
    header = ["CustomerID", "Churn Label", "Churn Reason", "Churn Score", "CLTV", "Cancellation Date", "Plan"]
    rows = [
        [
            f"C{n}",
            ("Yes", "No")[n % 2],
            "Price",
            str(n % 90),
            str(3000 + n),
            f"2024-01-{1 + n % 28:02d}",
            "ABC"[n % 3],
        ]
        for n in range(60)
    ]
    found = inferred(write_table(tmp_path / "t.csv", rows, header=header))

    assert [name for name, _ in found.ask_about] == [
        "Churn Reason",
        "Churn Score",
        "CLTV",
        "Cancellation Date",
    ]
    assert dict(found.ask_about)["Cancellation Date"].startswith("The day of leaving is known only of those")
    assert roles_of(found)["Cancellation Date"] == "left out"
    assert roles_of(found)["Plan"] == "feature"


def test_leaves_out_columns_that_the_header_does_not_tell_apart(tmp_path):
    rows = [[f"C{n}", str(n % 5), str(n % 7), ("Yes", "No")[n % 2]] for n in range(40)]
    path = write_table(tmp_path / "t.csv", rows, header=["customer_id", "spend", "Spend ", "churn"])

    found = inferred(path)

    assert [column.role for column in found.columns] == ["id", "left out", "left out", "outcome"]
    assert "the same name twice" in found.columns[1].role_reason


def test_counts_repeated_customers(tmp_path):
    rows = bank_rows(100)
    path = write_bank(tmp_path / "bank.csv", [*rows, rows[4], rows[7]])

    assert "2 rows repeat a customer" in inferred(path).id_reason


def test_the_child_infers_the_same_and_it_survives_json(tmp_path):
    path = write_german(tmp_path / "kunden.csv")
    preview = preview_table(path)
    steps = []

    found = infer_table_in_child(path, preview, on_progress=lambda *step: steps.append(step))

    assert found == infer_table(path, preview)
    # Uploads that wait were written down by an earlier version, with what nobody reads any more.
    for besides in ({}, {"log_reason": None}):
        assert Inferred.from_dict(json.loads(json.dumps(found.to_dict() | besides))) == found
    assert steps[-1][1] == steps[-1][2] == path.stat().st_size


def test_tells_a_purchase_log_from_a_table_of_customers(tmp_path):
    log = preview_table(write_orders(tmp_path / "log.csv", ["2024-01-05", "2024-02-06", "2024-03-07"] * 30))
    customers = preview_table(write_bank(tmp_path / "bank.csv"))

    assert "one row for each purchase" in looks_like_a_log(log)
    assert looks_like_a_log(customers) is None
    assert looks_like_customers(log) is None
    assert "one row for each" in looks_like_customers(customers)


def test_recognises_real_logs_and_customers(copied):
    log = preview_table(copied("data/online_retail_lines_sample.csv"))
    customers = preview_table(copied("data/telco_ibm.csv"))

    assert looks_like_a_log(log)
    assert looks_like_a_log(customers) is None


def test_reads_a_column_of_many_values_without_keeping_them(tmp_path):
    rows = [[f"C{n}", f"{n * 0.37:.2f}", ("1", "0")[n % 2]] for n in range(12_000)]
    found = inferred(write_table(tmp_path / "t.csv", rows, header=["who", "spend", "left"]))

    assert found.id_column == "who"
    assert (found.column("who").distinct, found.column("who").is_exact) == (12_000, True)
    assert (found.column("spend").distinct, found.column("spend").is_exact) == (10_000, False)
    assert len(found.column("spend").examples) == 8


def test_words_in_rows_of_german_tables_are_kept_apart_by_their_file(tmp_path):
    rows = german_rows()
    for row in rows[:30]:
        row[4] = "Ja "
    found = inferred(write_german(tmp_path / "kunden.csv", rows))

    assert found.column("Newsletter").kind == "yes/no"
    assert found.column("Newsletter").sides[0] == "nein"
