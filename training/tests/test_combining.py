import csv

import pytest

from ml.matrix.telco import TELCO_V1
from registry.engines.tables import table_schema
from tabular.snapshots.check import check_table
from tabular.tests.own_tables import german_rows, planned, write_german
from training.engines.combining import CheckedTable, combine
from training.tests.uploads import to_csv

SCHEMA = table_schema(TELCO_V1, purpose="train")


@pytest.fixture
def table(tmp_path, labelled):
    """Return a function that stores a checked table whose first customers have the given ids."""

    def make(name, ids, *, prefix, seed=1, **cells):
        rows = labelled(rows=100, seed=seed, prefix=prefix)
        place = rows[0].index("customerID")
        for row, customer in zip(rows[1:], ids, strict=False):
            row[place] = customer
            for column, cell in cells.items():
                row[rows[0].index(column)] = cell
        path = tmp_path / name
        path.write_bytes(to_csv(rows))
        return CheckedTable(path, check_table(path, SCHEMA, purpose="train").spec)

    return make


def read(path):
    with path.open(newline="") as file:
        return {row["customerID"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    "customer", ["0007", "=1+1", 'say "hi"', "Ödön, Kft.", "a\nb", "1e5", "007 ", "12345678901234567890"]
)
def test_ids_stay_what_they_were_byte_for_byte(customer, table, tmp_path):
    older, newer = table("a", [customer], prefix="A"), table("b", [customer], prefix="B", seed=2)
    known = older.spec.rows

    found = combine(older, newer, SCHEMA, tmp_path / "both.csv")

    rows = read(tmp_path / "both.csv")
    assert found.replaced == 1
    assert len(rows) == found.rows == known + newer.spec.rows - 1
    stored = [name for name in rows if name.strip() == customer.strip()]
    assert found.examples == stored


def test_numbers_and_words_are_read_back_as_they_were(table, tmp_path):
    cells = {"MonthlyCharges": "70.35", "TotalCharges": "1e3", "Contract": "Rolling", "tenure": "5"}
    older, newer = table("a", [], prefix="A"), table("b", ["X"], prefix="B", seed=2, **cells)

    combine(older, newer, SCHEMA, tmp_path / "both.csv")

    row = read(tmp_path / "both.csv")["X"]
    assert (row["MonthlyCharges"], row["TotalCharges"], row["tenure"]) == ("70.35", "1000", "5")
    assert row["Contract"] == "Rolling"  # unknown, and so it stays


def test_a_combined_table_can_be_combined_again_and_again_alike(table, tmp_path):
    older, newer = table("a", [], prefix="A"), table("b", [], prefix="B", seed=2)
    paths = [tmp_path / "one.csv", tmp_path / "two.csv"]

    for path in paths:
        combine(older, newer, SCHEMA, path)

    assert paths[0].read_bytes() == paths[1].read_bytes()
    spec = check_table(paths[0], SCHEMA, purpose="train").spec
    assert spec.rows == 200
    again = combine(CheckedTable(paths[0], spec), newer, SCHEMA, tmp_path / "again.csv")
    assert (again.kept, again.added, again.replaced) == (100, 0, 100)
    assert again.uploads == [100, 100]
    ids = list(read(paths[0]))
    third = table("c", [ids[2], *ids[150:152]], prefix="C", seed=3)
    found = combine(CheckedTable(paths[0], spec), third, SCHEMA, tmp_path / "c.csv", uploads=[100, 100])
    assert found.uploads == [99, 98, 100]


def test_a_newer_table_that_is_written_otherwise_is_stored_as_the_same_table(tmp_path):
    first = write_german(tmp_path / "first.csv")
    schema = planned(first).table_schema(name="own", purpose="train")
    rows = german_rows(90)
    swapped = str.maketrans(".,", ",.")
    paths = {"same": write_german(tmp_path / "same.csv", rows)}
    for row in rows:
        day, month, year = row[3].split(".")
        row[2:4] = row[2].translate(swapped), f"{month}/{day}/{year}"
    paths["otherwise"] = write_german(tmp_path / "otherwise.csv", rows)

    for name, path in paths.items():
        spec = check_table(path, schema, purpose="train").spec
        combine(None, CheckedTable(path, spec), schema, tmp_path / name)

    assert (tmp_path / "otherwise").read_bytes() == (tmp_path / "same").read_bytes()
