"""A result as a workbook that is sent on as it is."""

import io
import tracemalloc
from itertools import pairwise

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from predictions.engines.stored_rows import BLOCK, StoredRows
from predictions.tests.conftest import to_csv
from tabular.snapshots.workbook import measure_columns, write_xlsx
from tabular.source.sheets import ABOUT

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def opened(as_user):
    """Return a function that downloads a workbook and opens it."""

    def get(prediction, what="download_xlsx", **query):
        answer = as_user.get(reverse(f"predictions:{what}", args=("user", prediction.uuid)), query)
        assert answer.status_code == 200
        return load_workbook(io.BytesIO(b"".join(answer.streaming_content)))

    return get


def table_of(book):
    header, *rows = book["Customers"].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def told_by(book):
    rows = book[ABOUT].iter_rows(values_only=True)
    return {row[0]: [cell for cell in row[1:] if cell is not None] for row in rows if row[0]}


def test_customers_stand_by_their_risk(opened, done, user, customers):
    prediction = done(user)

    rows = table_of(opened(prediction))

    chances = [row["churn_probability"] for row in rows]
    assert all(high >= low for high, low in pairwise(chances)) and chances[0] > chances[-1]
    assert sorted(row["customerID"] for row in rows) == sorted(row[0] for row in customers[1:])
    of_file = {row[0]: row for row in customers[1:]}
    header = customers[0]
    for row in rows:
        assert str(row["Contract"]) == of_file[row["customerID"]][header.index("Contract")]


def test_the_first_sheet_says_what_the_table_is(opened, done, user):
    prediction = done(user, name="=March")

    book = opened(prediction)

    counts, told = prediction.result, told_by(book)
    assert book.sheetnames == [ABOUT, "Customers"]
    assert book[ABOUT]["A1"].value == "'=March"
    assert told["In the table"] == ["All 150 customers"]
    assert told["Customers scored"] == [150]
    assert told["Named as leaving"] == [counts["churners"], pytest.approx(counts["churners"] / 150)]
    assert told["Expected to leave of those named"] == [round(counts["expected_named"])]
    assert {name: told[name][0] for name in counts["tiers"]} == counts["tiers"]
    assert told["Model"] == [str(prediction.model)]
    assert told["Customer base"] == [str(prediction.population)]
    assert told["File"] == ["march.csv"]


def test_the_list_that_a_filter_leaves_is_a_workbook_too(as_user, opened, done, user):
    prediction = done(user)
    tier = "Low"

    book = opened(prediction, "download_customers_xlsx", tier=tier, sort="customer")

    rows = table_of(book)
    assert {row["risk_tier"] for row in rows} == {tier}
    assert len(rows) == prediction.result["tiers"][tier]
    assert all(one["churn_probability"] >= next_["churn_probability"] for one, next_ in pairwise(rows))
    assert told_by(book)["In the table"] == [f"{len(rows)} of 150 customers: tier {tier}"]
    page = as_user.get(reverse("predictions:result", args=("user", prediction.uuid)), {"tier": tier})
    address = reverse("predictions:download_customers_xlsx", args=("user", prediction.uuid))
    assert f'href="{address}?tier={tier}"' in page.content.decode()


def test_a_short_list_of_a_large_result_fits_into_a_workbook(as_user, opened, done, user, customers):
    prediction = done(user)
    prediction.result["rows"] = 200_001
    prediction.save()

    found = table_of(opened(prediction, "download_customers_xlsx", find=customers[1][0]))

    assert [row["customerID"] for row in found] == [customers[1][0]]


def test_sent_back_it_is_predicted_like_the_file_that_it_was_made_of(as_user, opened, done, user, customers):
    first = done(user)
    content = io.BytesIO()
    opened(first).save(content)

    again = done(user, content.getvalue(), filename="result.xlsx", name="Again")

    assert again.result["rows"] == 150
    assert again.result["tiers"] == first.result["tiers"]


def test_rows_are_read_in_any_order_cell_for_cell(tmp_path):
    rows = [["id", "note"], *([f"C-{n}", f'line "one"\nof {n}; more'] for n in range(2 * BLOCK + 7))]
    path = tmp_path / "result.csv"
    path.write_bytes(b"\xef\xbb\xbf" + to_csv(rows).rstrip(b"\n"))
    stored = StoredRows(path, ",", columns=2)
    places = list(reversed(range(2 * BLOCK + 7)))

    found = [
        row for batch in stored.batches_at(places) for row in zip(*batch.to_pydict().values(), strict=True)
    ]

    assert found == [tuple(rows[place + 1]) for place in places]
    assert list(stored.batches_at([])) == []


def test_ten_times_the_rows_take_hardly_more_memory(tmp_path):
    def peak(rows):
        path = tmp_path / "result.csv"
        path.write_bytes(to_csv([["id", "note"], *([f"C-{n}", f"customer number {n}"] for n in range(rows))]))
        stored = StoredRows(path, ",", columns=2)
        tracemalloc.start()
        try:
            written = write_xlsx(
                tmp_path / "t.xlsx",
                ["id", "note"],
                stored.batches_at(range(rows - 1, -1, -1)),
                measures=measure_columns(stored.batches(), [None, None]),
            )
            return written, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, little = peak(2_000)
    many, much = peak(20_000)

    assert (few, many) == (2_000, 20_000)
    # Eight bytes a row say where it stands; 18,000 rows as text would be ten times that.
    assert much - little < 600_000
