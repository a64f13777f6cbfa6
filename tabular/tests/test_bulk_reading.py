"""What is read in bulk is what the rules say for each cell."""

import numpy as np
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tabular.values.amounts import NumberFormat, read_number, read_numbers
from tabular.values.cells import BadCell, is_blank
from tabular.values.clocks import EXAMPLES, read_time, read_times
from tabular.values.moments import ORDERS, read_moment, read_moments

DIGITS = st.text("0123456789", min_size=1, max_size=4)
GROUPS = st.tuples(
    st.sampled_from(["", "-", "₹", "-$", "€ "]),
    st.text("0123456789", min_size=1, max_size=3),
    st.lists(st.sampled_from([",00", ",000", ".000", " 000", "'000"]), max_size=3).map("".join),
    st.sampled_from(["", ".5", ",50", ".-", " €"]),
).map("".join)
NUMBERS = st.lists(
    st.one_of(
        DIGITS,
        st.sampled_from([".", ",", "-", "+", "e5", " ", "€", "₹", "$", "'", "(", ")", "\u2212", "nan", "٣"]),
    ),
    max_size=6,
).map("".join)
NUMBERS = st.one_of(NUMBERS, GROUPS)
TWO = st.integers(0, 70).flatmap(lambda n: st.sampled_from([str(n), f"{n:02d}"]))
YEARS = st.sampled_from(["2024", "1899", "1900", "9999", "24", "0000", "2023"])
CLOCKS = st.sampled_from(
    ["", " 8:05", " 23:59:59", "T08:05", "T8:05:01", "T23:59:59Z", " 08:05 PM", " 24:00", " 12:60",
    "T08:05:01.5",
     " 10:00+09:00", " 1:02:03 UTC"]
)  # fmt: skip


@st.composite
def moments(draw):
    by, clock = draw(st.sampled_from(["-", "/", ".", " ", ""])), draw(CLOCKS)
    parts = draw(st.permutations([draw(YEARS), draw(TWO), draw(TWO)]))
    return by.join(parts) + clock


MOMENTS = st.one_of(
    moments(), st.sampled_from(["", " ", "45292.5", "1704412800", "31 Dec 2024", "May 5, 2024", "yesterday"])
)


def assert_alike(read, read_one, texts):
    values, blank, bad = read(pa.array(texts, pa.string()))
    for place, text in enumerate(texts):
        assert blank[place] == is_blank(text)
        if blank[place]:
            continue
        try:
            meant = read_one(text)
        except BadCell:
            assert bad[place], text
        else:
            assert not bad[place] and values[place] == meant, text


@settings(max_examples=150, deadline=None)
@given(
    st.lists(NUMBERS, min_size=1, max_size=20),
    st.sampled_from([".", ","]),
    st.sampled_from([None, ",", ".", " ", "'"]),
    st.booleans(),
)
@example(["1,234.50", "12.50", "-3", "", ".5", "1e3", "1.234,5", "0001", "-0", "5.-"], ".", ",", False)
@example(["1,00,000.50", "1,000", "1,234,567", "1,00,00", "Rs.5", "-₹ 12,34,567", "₹-5"], ".", ",", True)
@example(["100,000.50", "1,000", "1,234,567", "1,00,000", "$ 1,000", "$$5", "1,2345"], ".", ",", False)
@example(["1 000,50", "€1 000 000", "10 00", "1.000", "€ -1"], ",", " ", False)
def test_numbers(texts, decimal, thousands, lakhs):
    written = NumberFormat(decimal, thousands, lakhs)

    assert_alike(lambda cells: read_numbers(cells, written), lambda text: read_number(text, written), texts)


@settings(max_examples=200, deadline=None)
@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(ORDERS))
@example(["2024-1-5T8:05", "2024-02-30", "29/2/2024 8:05", "2/29/2023", "05.05.2024 23:59:60"], "DMY")
def test_moments(texts, order):
    assert_alike(
        lambda cells: read_moments(cells, order),
        lambda text: np.datetime64(read_moment(text, order), "us"),
        texts,
    )


TIMES = st.one_of(
    CLOCKS.map(str.strip),
    st.tuples(
        TWO, st.sampled_from([":", "h", ".", ""]), TWO, st.sampled_from(["", " PM", "am", ":07", " Uhr"])
    ).map("".join),
    st.sampled_from(
        ["", " ", "0", "0.5", "0,770833", ".25", "1", "0.999999999", "5e-05", "6\u202fp.m.", "18:30 x"]
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(TIMES, min_size=1, max_size=20), st.sampled_from(sorted(EXAMPLES)))
@example(
    ["12:00 AM", "12:59:59 PM", "1:00PM", "08:05 am", "8:61 pm", "13:00 PM", "6:30", "0:10 AM"], "HALVES"
)
@example(["18:30", "8:05:09", "24:00", "6:60", "6:30 PM", "12:00 AM", "18h30", "0:00"], "CLOCK")
def test_times_of_day(texts, form):
    def since_midnight(text):
        found = read_time(text, form)
        seconds = found.hour * 3600 + found.minute * 60 + found.second
        return np.timedelta64(seconds * 1_000_000 + found.microsecond, "us")

    assert_alike(lambda cells: read_times(cells, form), since_midnight, texts)


def test_a_part_of_a_column_reads_like_the_whole():
    column = pa.array(["x", "31/12/2024 10:00", "1/2/2024", "", "2024-05-05"])

    whole, part = read_moments(column, "DMY")[0][1:], read_moments(column.slice(1), "DMY")[0]

    assert np.array_equal(whole, part, equal_nan=True)
