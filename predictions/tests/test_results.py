"""The table behind a result page: sorted, searched, filtered, paged."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from predictions.engines.results import CUSTOMER, LINE, PROBABILITY, SHALLOW, TIER, CustomerTable, Query

# More than the table sorts as a whole: pages in the middle are found by a guess that is checked.
ROWS = 12_000


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    random = np.random.default_rng(5)
    probability = np.round(random.random(ROWS), 2)  # rounded, so that there are ties
    tiers = np.select([probability < 0.3, probability < 0.5, probability < 0.7], [0, 1, 2], 3).astype(np.int8)
    ids = [f"C-{number:06d}" for number in random.permutation(ROWS)]
    ids[:4] = ["100%", "o'brien", "a_b", "\u202eevil"]
    table = pa.table(
        {
            LINE: pa.array(np.arange(2, ROWS + 2)),
            CUSTOMER: ids,
            PROBABILITY: probability,
            TIER: pa.DictionaryArray.from_arrays(
                pa.array(tiers), pa.array(["Low", "Medium", "High", "Critical"])
            ),
            "Contract": pa.array(random.choice(["Month-to-month", "Two year"], ROWS)).dictionary_encode(),
            'odd "name"': random.random(ROWS),
            # Too few blanks for a sample of the column to meet one.
            "blank": pa.array(random.random(ROWS), mask=np.arange(ROWS) % 6_000 == 77),
        }
    )
    target = tmp_path_factory.mktemp("table") / "table.parquet"
    pq.write_table(table, target, row_group_size=2_000)
    return target


@pytest.mark.parametrize(
    "sort", [f"-{PROBABILITY}", CUSTOMER, TIER, "Contract", '-odd "name"', LINE, "blank"]
)
def test_pages_hold_every_customer_once(path, sort):
    table = CustomerTable(path, Query(sort=sort))

    lines = [row[LINE] for first in range(0, ROWS, 700) for row in table[first : first + 700]]

    assert sorted(lines) == list(range(2, ROWS + 2))


@pytest.mark.parametrize("column", [PROBABILITY, CUSTOMER, "Contract", 'odd "name"'])
def test_sorts_both_ways(path, column):
    rising = [row[column] for row in CustomerTable(path, Query(sort=column))[0:ROWS]]
    falling = [row[column] for row in CustomerTable(path, Query(sort=f"-{column}"))[0:ROWS]]

    assert rising == sorted(rising)
    assert falling == sorted(rising, reverse=True)


@pytest.mark.parametrize("sort", [PROBABILITY, f"-{PROBABILITY}", "Contract", "-Contract", f"-{CUSTOMER}"])
@pytest.mark.parametrize("search", ["", "1"])
def test_a_deep_page_is_the_one_that_sorting_everything_gives(path, sort, search):
    table = CustomerTable(path, Query(sort=sort, search=search))
    column, falling = sort.removeprefix("-"), sort.startswith("-")
    everything = CustomerTable(path, Query(sort=LINE, search=search))[0:ROWS]

    expected = [row[LINE] for row in sorted(everything, key=lambda row: row[column], reverse=falling)]

    assert len(expected) > SHALLOW + 50 or search
    for first in (len(expected) // 2, len(expected) - 50):
        assert [row[LINE] for row in table[first : first + 50]] == expected[first : first + 50]


@pytest.mark.parametrize("sort", ["blank", "-blank"])
def test_the_last_pages_end_with_the_blanks(path, sort):
    values = [row["blank"] for row in CustomerTable(path, Query(sort=sort))[ROWS - 50 : ROWS]]

    assert values[-2:] == [None, None]
    assert values[:-2] == sorted(values[:-2], reverse=sort.startswith("-"))


def test_sorts_tiers_by_risk_and_not_by_name(path):
    tiers = [row[TIER] for row in CustomerTable(path, Query(sort=f"-{TIER}"))[0:ROWS]]

    assert list(dict.fromkeys(tiers)) == ["Critical", "High", "Medium", "Low"]


@pytest.mark.parametrize(
    ("search", "found"), [("100%", 1), ("O'BRIEN", 1), ("a_b", 1), ("\u202e", 1), ("'; DROP", 0)]
)
def test_finds_signs_that_mean_something_to_sql(path, search, found):
    assert len(CustomerTable(path, Query(search=search))) == found


def test_counts_and_reads_what_filters_leave(path):
    table = CustomerTable(path, Query(equals={TIER: "Critical", "Contract": "Two year"}))

    rows = table[0 : len(table)]

    assert 0 < len(rows) < ROWS
    assert {(row[TIER], row["Contract"]) for row in rows} == {("Critical", "Two year")}
    assert [row[LINE] - 2 for row in sorted(rows, key=lambda row: row[LINE])] == list(table.places())


def test_reads_nothing_beyond_the_end(path):
    assert CustomerTable(path)[ROWS : ROWS + 50] == []


def test_leaves_out_values(path):
    table = CustomerTable(path, Query(none_of={"Contract": ("Two year",)}))

    assert {row["Contract"] for row in table[0:ROWS]} == {"Month-to-month"}


@pytest.mark.parametrize("query", [Query(sort="nothing"), Query(equals={"1=1; --": "x"})])
def test_refuses_columns_that_it_does_not_have(path, query):
    with pytest.raises(ValueError, match="has no column"):
        CustomerTable(path, query)
