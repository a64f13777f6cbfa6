"""What a log is by its content: delimiter, orders of dates, signs of numbers, kinds of columns."""

import json
from datetime import date, timedelta

import pytest

from tabular.errors import TableError
from tabular.logs.mapping import freeze
from tabular.previews.preview import Preview, preview_table, preview_table_in_child
from tabular.tests.logs import HEADER, guessed, write_log, write_orders

# All of them could be days as well as months.
LOW_DAYS = [f"{month:02d}/{day:02d}/2024" for month in range(1, 13) for day in range(1, 13)]


def column_of(path, name):
    return preview_table(path).column(name)


def dates_in(tmp_path, dates):
    return column_of(write_orders(tmp_path / "log.csv", dates), "order_date")


def numbers_in(tmp_path, numbers, delimiter=";"):
    rows = [(f"C{n % 9}", "2024-01-05", number, "") for n, number in enumerate(numbers)]
    return column_of(write_log(tmp_path / "log.csv", rows, delimiter=delimiter), "amount")


@pytest.mark.parametrize(
    ("dates", "order", "first"),
    [
        (["2024-01-05", "2024/02/06"], "YMD", "2024-01-05 00:00:00"),
        (["20240105", "20240206"], "YMD", "2024-01-05 00:00:00"),
        (["2024-01-05T10:00:00Z", "2024-02-06T10:00:00.25+09:00"], "YMD", "2024-01-05 10:00:00"),
        (["2019-10-01 00:00:03 UTC", "2019-10-02 00:00:00 UTC"], "YMD", "2019-10-01 00:00:03"),
        (["05.01.2024", "13.01.2024"], "DMY", "2024-01-05 00:00:00"),
        (["5/1/24", "13/1/24"], "DMY", "2024-01-05 00:00:00"),
        ([f"23-12-{day:02d}" for day in range(1, 32)], "YYMD", "2023-12-01 00:00:00"),
        (["12/1/2010 8:26", "12/13/2010 9:02"], "MDY", "2010-12-01 08:26:00"),
        (["5-Jan-24", "6-Feb-24"], "DMY", "2024-01-05 00:00:00"),
        (["Jan 5, 2024 8:05 PM", "Feb 6, 2024 9:00 AM"], "MDY", "2024-01-05 20:05:00"),
        (["5. März 2024", "6. Dezember 2024"], "DMY", "2024-03-05 00:00:00"),
        (["5 août 2024", "6 décembre 2024"], "DMY", "2024-08-05 00:00:00"),
        (["5 de enero de 2024", "6 de agosto de 2024"], "DMY", "2024-01-05 00:00:00"),
        (["2024.01.05.", "2024. 01. 06."], "YMD", "2024-01-05 00:00:00"),
        (["2024年1月5日", "2024年12月31日 8:26"], "YMD", "2024-01-05 00:00:00"),
        (["2024년 1월 5일"], "YMD", "2024-01-05 00:00:00"),
        (["2024-01-05 24:00", "2024-01-06 23:59"], "YMD", "2024-01-06 00:00:00"),
        (["5. 1. 2024", "13. 2. 2024"], "DMY", "2024-01-05 00:00:00"),
        (["05.01.2024. 08:26", "13.02.2024."], "DMY", "2024-01-05 08:26:00"),
        (["45296", "45297.75"], "SERIAL", "2024-01-05 00:00:00"),
        (["1704412800", "1704412801.5"], "UNIX", "2024-01-05 00:00:00"),
        (["1704412800000", "1704412800001"], "UNIX", "2024-01-05 00:00:00"),
    ],
)
def test_recognises_how_dates_are_written(dates, order, first, tmp_path):
    column = dates_in(tmp_path, dates)

    assert (column.kind, column.date_order, column.date_order_ambiguous) == ("date", order, False)
    assert (column.unreadable, column.minimum) == (0, first)


def test_an_order_that_no_row_tells_is_asked_for(tmp_path):
    path = write_orders(tmp_path / "log.csv", LOW_DAYS)
    preview = preview_table(path)

    assert preview.column("order_date").date_order_ambiguous
    # What is not known is not shown.
    assert preview.rows[0]["values"][1] is None
    with pytest.raises(TableError) as refusal:
        freeze(preview, guessed(preview))
    assert (refusal.value.kind, refusal.value.column) == ("ambiguous_dates", "order_date")
    assert freeze(preview, guessed(preview), date_order="DMY").date_order == "DMY"


@pytest.mark.parametrize(("telling", "order"), [("13/02/2024", "DMY"), ("02/13/2024", "MDY")])
def test_one_telling_row_anywhere_settles_the_order(telling, order, tmp_path):
    # Far behind what is shown, and behind the first block that is read.
    rows = [*(LOW_DAYS * 1200)[:150_000], telling]
    path = write_orders(tmp_path / "log.csv", rows)
    assert path.stat().st_size > 4 << 20

    column = column_of(path, "order_date")

    assert (column.date_order, column.date_order_ambiguous, column.unreadable) == (order, False, 0)


def test_equal_day_and_month_need_no_order(tmp_path):
    assert not dates_in(tmp_path, ["05/05/2024", "06/06/2024"]).date_order_ambiguous


def test_contradicting_orders_are_asked_for(tmp_path):
    column = dates_in(tmp_path, ["13/02/2024"] * 20 + ["02/13/2024"] * 20 + ["01/02/2024"])

    assert column.date_order_ambiguous


def test_one_mistake_does_not_make_an_order_doubtful(tmp_path):
    column = dates_in(tmp_path, ["13/02/2024", "14/02/2024"] * 100 + ["02/13/2024"])

    assert (column.date_order, column.unreadable) == ("DMY", 1)


def test_another_column_of_dates_answers_for_a_doubtful_one(tmp_path):
    rows = [(f"C{n % 9}", "01/02/2024", f"{n}.50", "1" + str(n % 9) + "/02/2024") for n in range(40)]
    path = write_log(tmp_path / "log.csv", rows, header=("id", "order_date", "total", "shipped_date"))

    assert column_of(path, "order_date").date_order == "DMY"


@pytest.mark.parametrize(
    ("numbers", "decimal", "thousands", "largest"),
    [
        (["12.50", "3"], ".", None, 12.5),
        (["12,50", "3"], ",", None, 12.5),
        (["1,234.56", "12.50"], ".", ",", 1234.56),
        (["1.234,56", "12,50"], ",", ".", 1234.56),
        (["1.234.567", "12"], ",", ".", 1_234_567),
        (["1 234,56 €", "-12,50 €"], ",", " ", 1234.56),
        (["1'234.56", "CHF 12.50"], ".", "'", 1234.56),
        (["$1,234.56", "($12.50)"], ".", ",", 1234.56),
        (["0.125", "1.234"], ".", None, 1.234),
        (["1234.567", "1.234"], ".", None, 1234.567),
        (["12", "1e3"], ".", None, 1000),
        (["12.50-", "3.00"], ".", None, 3),
        (["1'234'567.05", "1\u2019000.50"], ".", "'", 1_234_567.05),
        (["1\u202f234\u202f567,05", "1\u202f000,50 \u20ac"], ",", "\u202f", 1_234_567.05),
        (["100.-", "CHF 1'000.\u2013", "Fr. 5.50"], ".", "'", 1000),
        (["100,-", "250,-"], ",", None, 250),
        (["kr.1.234,50", "kr.5,00"], ",", ".", 1234.5),
        (["1761,45 руб.", "1 000,00 руб"], ",", " ", 1761.45),  # noqa: RUF001
        (["12 500 Ft", "990 Ft."], ".", " ", 12500),
        (["\u00a51,234,500", "980円"], ".", ",", 1_234_500),
    ],
)
def test_recognises_how_numbers_are_written(numbers, decimal, thousands, largest, tmp_path):
    column = numbers_in(tmp_path, numbers)

    assert (column.kind, column.decimal, column.thousands) == ("number", decimal, thousands)
    assert (column.decimal_ambiguous, column.unreadable, column.maximum) == (False, 0, largest)


def test_names_the_currencies_of_a_column_that_has_several(tmp_path):
    path = write_orders(tmp_path / "log.csv", ["2024-01-05"] * 4, amounts=["$3.50", "7 EUR", "€8", "US$ 9"])
    for one in (
        ["€8", "9 eur", "7 Euro"],
        ["8 AUD", "$7"],
        ["A$8", "9 AUD"],
        ["8 kr", "9 SEK"],
        ["¥8", "9 JPY", "8円"],
    ):
        same = write_orders(tmp_path / "t.csv", ["2024-01-05"] * len(one), amounts=one)
        assert (preview_table(same).columns[2].kind, preview_table(same).warnings) == ("number", ())

    assert [said for said in preview_table(path).warnings if "currenc" in said] == [
        "Column amount: amounts in 3 currencies, such as '$3.50' and '7 EUR'. Only the numbers are read, as "
        "if they were of one: convert them, or leave out the others."
    ]
    for sign in ("CA$", "A$", "US$", "R$"):
        two = write_orders(tmp_path / "two.csv", ["2024-01-05"] * 3, amounts=["$3", f"{sign}4", "5 AUD"])
        assert {"$3", f"{sign}4"} <= set(preview_table(two).columns[2].currencies)
    amounts = [f"€{n}.37" for n in range(1100)] + ["paid in USD", "(£ -1.50)", "£ 2"]
    late = preview_table(write_orders(tmp_path / "v.csv", ["2024-01-05"] * len(amounts), amounts=amounts))
    assert late.columns[2].currencies == ("€0.37", "£ 2")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("EUR eur Euro €", ""),
        ("EUR USD eur", "such as 'EUR' and 'USD'"),
        ("$ usd", ""),
        ("$ AUD", "such as '$' and 'AUD'"),
        ("AUD USD", "such as 'AUD' and 'USD'"),
    ],
)
def test_names_the_currencies_of_a_column_that_says_nothing_else(words, said, tmp_path):
    rows = [("K1", "2024-01-05", "$9", word) for word in words.split()]
    path = write_log(tmp_path / "log.csv", rows, header=("customer", "date", "amount", "Currency"))

    found = preview_table(path).warnings

    assert len(found) == bool(said)
    assert all(f"Column Currency: amounts in 2 currencies, {said}." in each for each in found)


@pytest.mark.parametrize(
    ("numbers", "lakhs", "unreadable", "largest"),
    [
        (["1,00,000.00", "1,000", "500"], True, 0, 100_000),
        (["12,34,567", "\u20b91,000"], True, 0, 1_234_567),
        (["Rs. 1,00,00,000.50", "(Rs 2,000)", "-INR 5"], True, 0, 10_000_000.5),
        (["1,234,567", "100,000.00", "1,000"], False, 0, 1_234_567),
        # What is in no group of either is no number, and votes for nothing.
        (["\u20b91,00,000", "\u20b91,00,00", "\u20b912.50"], True, 1, 100_000),
        # The few that contradict the many are mistakes.
        (["1,00,000", "12,34,567", "200,000"], True, 1, 1_234_567),
        (["100,000", "1,234,567", "2,00,000"], False, 1, 1_234_567),
    ],
)
def test_recognises_lakhs_and_crores(numbers, lakhs, unreadable, largest, tmp_path):
    column = numbers_in(tmp_path, numbers)

    assert (column.kind, column.decimal, column.thousands) == ("number", ".", ",")
    assert (column.lakhs, column.decimal_ambiguous) == (lakhs, False)
    assert (column.unreadable, column.maximum) == (unreadable, largest)


@pytest.mark.parametrize(
    ("times", "form", "unreadable", "last"),
    [
        (["18:30", "8:05"], "CLOCK", 0, "18:30:00"),
        (["18:30:09.25", "08:05:00Z", "18h45"], "CLOCK", 0, "18:45:00"),
        (["6:30 PM", "8 a.m.", "12:05\u202fAM"], "HALVES", 0, "18:30:00"),
        # In a column that says AM or PM, 6:30 may be either; 18:30 can only be one.
        (["6:30 PM", "7:30 AM", "8:30 AM", "6:30", "18:45"], "HALVES", 1, "18:45:00"),
        (["0.770833333333333", "0.25", "0"], "FRACTION", 0, "18:30:00"),
        (["18:30", "24:00", "soon", "8:05", "8:06"], "CLOCK", 2, "18:30:00"),
    ],
)
def test_recognises_how_times_of_day_are_written(times, form, unreadable, last, tmp_path):
    rows = [(f"C{n % 9}", "2024-01-05", time, f"{n}.50") for n, time in enumerate(times)]
    path = write_log(tmp_path / "log.csv", rows, header=("id", "order date", "order time", "total"))

    column = column_of(path, "order time")

    assert (column.kind, column.time_form) == ("time", form)
    assert (column.unreadable, column.maximum) == (unreadable, last)


@pytest.mark.parametrize("name", ["share", "delivery time"])
def test_parts_of_one_are_times_only_under_a_name_that_says_so(name, tmp_path):
    rows = [(f"C{n % 9}", "2024-01-05", "0.25", f"{n}.50") for n in range(9)]
    path = write_log(tmp_path / "log.csv", rows, header=("id", "order date", name, "total"))

    assert column_of(path, name).kind == "number"


def test_thousands_that_may_be_decimals_are_asked_for(tmp_path):
    rows = [(f"C{n % 9}", "2024-01-05", f"{n + 1}.234", "") for n in range(40)]
    path = write_log(tmp_path / "log.csv", rows, delimiter=";")
    preview = preview_table(path)

    with pytest.raises(TableError) as refusal:
        freeze(preview, guessed(preview))

    assert (refusal.value.kind, refusal.value.column) == ("ambiguous_numbers", "amount")
    assert freeze(preview, guessed(preview), decimal=",").numbers["amount"].thousands == "."


def test_one_telling_number_behind_thousands_of_doubtful_ones_settles_the_sign(tmp_path):
    column = numbers_in(tmp_path, [f"{n % 900 + 1}.234" for n in range(20_000)] + ["1.5"])

    assert (column.decimal, column.decimal_ambiguous, column.maximum) == (".", False, 900.234)


def test_another_column_of_numbers_answers_for_a_doubtful_one(tmp_path):
    rows = [(f"C{n % 9}", "2024-01-05", f"{n + 1}.234", f"{n},5") for n in range(40)]
    path = write_log(tmp_path / "log.csv", rows, header=("id", "date", "total", "discount"), delimiter=";")

    assert column_of(path, "total").maximum == 40_234


def test_ids_are_texts_whatever_they_look_like(tmp_path):
    rows = [(f"{n % 9:05d}", "2024-01-05", "1.5", f"{n:03d}") for n in range(40)]
    path = write_log(tmp_path / "log.csv", rows, header=("customer", "date", "total", "shelf"))
    preview = preview_table(path)

    assert [preview.column(name).kind for name in ("customer", "shelf")] == ["text", "text"]
    assert preview.rows[1]["values"] == ["00001", "2024-01-05 00:00:00", 1.5, "001"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_cuts_rows_alike(delimiter, tmp_path):
    rows = [("A, B; C", "2024-01-05", "1,5", "x|y"), ("D", "2024-01-06", "2,5", "z")] * 5
    path = write_log(tmp_path / "log.csv", rows, delimiter=delimiter)

    preview = preview_table(path)

    assert preview.delimiter == delimiter
    assert preview.rows[0]["texts"] == list(rows[0])


@pytest.mark.parametrize(
    "amount", ["1\u00a0234,50", "1\u00a0234,50\u00a0\u20ac", "\u20ac12,50", "\u00a312,50"]
)
def test_amounts_of_a_western_european_file_are_not_taken_for_damaged_letters(amount, tmp_path):
    rows = [(n % 9, "05.01.2024", amount, "") for n in range(40)]
    path = write_log(tmp_path / "log.csv", rows, delimiter=";", encoding="cp1252")

    preview = preview_table(path)

    assert preview.encoding in ("cp1252", "latin-1")
    assert preview.column("amount").unreadable == 0


def test_excels_own_word_about_the_delimiter_is_followed(tmp_path):
    path = write_log(tmp_path / "log.csv", [("A", "2024-01-05", "1,5", "")] * 3, delimiter=";")
    path.write_bytes(b"sep=;\n" + path.read_bytes())

    preview = preview_table(path)

    assert preview.header == HEADER
    assert [row["line"] for row in preview.rows] == [3, 4, 5]


def test_a_first_row_of_values_is_not_taken_for_names(tmp_path):
    path = write_log(
        tmp_path / "log.csv", [("A", "2024-01-06", "2.5", "")], header=("A", "2024-01-05", "1.5", "")
    )

    with pytest.raises(TableError, match="looks like a value") as refusal:
        preview_table(path)

    assert (refusal.value.kind, refusal.value.line) == ("missing_columns", 1)


def test_shows_a_hundred_rows_and_counts_all(tmp_path):
    start = date(2024, 1, 1)
    path = write_orders(tmp_path / "log.csv", [str(start + timedelta(days=n)) for n in range(250)])

    preview = preview_table(path)

    assert (len(preview.rows), preview.rows_in_file) == (100, 250)
    column = preview.column("order_date")
    assert (column.rows, column.distinct, column.maximum) == (250, 250, "2024-09-06 00:00:00")


def test_stays_small_however_wide_and_long_the_cells_are(tmp_path):
    header = ("customer_id", "order_date", "amount", *(f"note {n}" for n in range(400)))
    rows = [(f"C{n % 9}", "2024-01-05", f"{n}.5", *["tea " * 60] * 400) for n in range(101)]
    path = write_log(tmp_path / "log.csv", rows, header=header)

    preview = preview_table(path)

    # MariaDB takes packets of 16 MiB.
    assert len(json.dumps(preview.to_dict())) < 8 << 20


def test_survives_json_and_the_child(tmp_path):
    path = write_orders(tmp_path / "log.csv", ["2024-01-05", "2024-01-06"])
    preview = preview_table(path)

    assert Preview.from_dict(json.loads(json.dumps(preview.to_dict()))) == preview
    assert preview_table_in_child(path) == preview


def test_a_refused_file_leaves_no_copy(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes("a,b,c\n".encode("utf-16"))

    with pytest.raises(TableError, match="no rows"):
        preview_table(path)

    assert list(tmp_path.glob("log.csv*")) == [path]
