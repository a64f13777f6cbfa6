"""Logs to try with, and one bad file for each rule of the import: `sample_file(name)` gives their bytes.

The good ones come from `ml.samples.sample_logs`; a bad one is the beginning of such a log with one thing
broken.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ml.samples.sample_logs import TRADES, make_sample_log

HEADER = "customer_id,event_date,amount,event_type"


@dataclass(frozen=True)
class Sample:
    """A file that can be downloaded.

    Parameters
    ----------
    name
        Of the file, the ending included.
    kind
        Empty for a good log; else the kind of mistake (`tabular.errors.KINDS`) that it shows.
    stage
        What notices: ``"upload"`` refuses the file, ``"columns"`` asks or refuses when the columns get their
        meaning, ``"rows"`` leaves rows out and counts them, ``"profile"`` warns of what can be learned.
    title
        What it is, or what is wrong with it.
    """

    name: str
    kind: str
    stage: str
    title: str
    make: Callable[[], bytes]


@lru_cache
def _lines(customers: int = 30) -> tuple[str, ...]:
    return tuple(make_sample_log("coffee_shop", customers=customers).decode().splitlines()[1:])


def _file(lines, header=HEADER):
    return ("\n".join((header, *lines)) + "\n").encode()


def _change(place, change, *, every=7):
    """Break one cell in some rows; the others stay as they are."""
    lines = []
    for number, line in enumerate(_lines()):
        cells = line.split(",")
        if number % every == 3:
            cells[place] = change(cells[place])
        lines.append(",".join(cells))
    return _file(lines)


def _dates(write):
    return _file(
        [
            ",".join((cells[0], write(*cells[1].split("-")), *cells[2:]))
            for cells in (line.split(",") for line in _lines())
            # Days above 12 would give the order away.
            if int(cells[1][-2:]) <= 12
        ]
    )


def _without(column):
    place = HEADER.split(",").index(column)
    cut = [
        [cell for number, cell in enumerate(row.split(",")) if number != place] for row in (HEADER, *_lines())
    ]
    return _file([",".join(row) for row in cut[1:]], ",".join(cut[0]))


def _labels(write):
    labelled = [f"{line},{write(number)}" for number, line in enumerate(_lines())]
    return _file(labelled, f"{HEADER},churn_label")


def _few_names():
    return _file([f"S{number % 3},{line.partition(',')[2]}" for number, line in enumerate(_lines())])


def _thousands():
    return _file(
        [
            ";".join((cells[0], cells[1], f"{1 + number % 8}.{200 + number % 700}", cells[3]))
            for number, cells in enumerate(line.split(",") for line in _lines())
        ],
        HEADER.replace(",", ";"),
    )


GOOD = tuple(
    Sample(
        f"{trade.slug}.csv",
        "",
        "",
        trade.title,
        lambda slug=trade.slug: make_sample_log(slug),
    )
    for trade in TRADES.values()
)
BAD = (
    Sample("bad_empty.csv", "empty_file", "upload", "Nothing in it at all.", lambda: b""),
    Sample("bad_no_rows.csv", "no_rows", "upload", "Names of columns, and no row below.", lambda: _file([])),
    Sample(
        "bad_not_a_table.csv",
        "type_mismatch",
        "upload",
        "A picture that was given the name of a table.",
        lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
    ),
    Sample(
        "bad_ragged_rows.csv",
        "ragged_rows",
        "rows",
        "Some rows have a cell too many.",
        lambda: _change(2, lambda cell: cell.replace(".", ",")),
    ),
    Sample(
        "bad_open_quote.csv",
        "unterminated_quote",
        "upload",
        "A quotation mark that never closes.",
        lambda: _file([*_lines()[:40], '"CARD-00001,2024-02-01,5.00,purchase', *_lines()[40:]]),
    ),
    Sample(
        "bad_no_date.csv",
        "needs_mapping",
        "columns",
        "No column says when.",
        lambda: _without("event_date"),
    ),
    Sample(
        "bad_date_as_amount.csv",
        "wrong_mapping",
        "columns",
        "The column called amount holds dates.",
        lambda: _file(
            [
                ",".join((cells[0], cells[1], cells[1], cells[3]))
                for cells in (line.split(",") for line in _lines())
            ]
        ),
    ),
    Sample(
        "bad_three_customers.csv",
        "too_few_customers",
        "columns",
        "customer_id holds the name of the shop: three values.",
        _few_names,
    ),
    Sample(
        "bad_day_or_month.csv",
        "ambiguous_dates",
        "columns",
        "Dates such as 01/02/2024, and none that tells day from month.",
        lambda: _dates(lambda year, month, day: f"{day}/{month}/{year}"),
    ),
    Sample(
        "bad_thousands_or_cents.csv",
        "ambiguous_numbers",
        "columns",
        "Amounts such as 1.234, which may be thousands.",
        _thousands,
    ),
    Sample(
        "bad_missing_ids.csv",
        "missing_id",
        "rows",
        "Some rows say nobody.",
        lambda: _change(0, lambda cell: ""),
    ),
    Sample(
        "bad_impossible_dates.csv",
        "bad_date",
        "rows",
        "Some dates do not exist.",
        lambda: _change(1, lambda cell: f"{cell[:4]}-02-30"),
    ),
    Sample(
        "bad_future_dates.csv",
        "future_date",
        "rows",
        "Some purchases have not happened yet.",
        lambda: _change(1, lambda cell: f"2196{cell[4:]}"),
    ),
    Sample(
        "bad_amounts.csv",
        "bad_number",
        "rows",
        "Some amounts are words.",
        lambda: _change(2, lambda cell: "free"),
    ),
    Sample(
        "bad_labels.csv",
        "bad_label",
        "rows",
        "Some labels say maybe.",
        lambda: _labels(lambda number: "maybe" if number % 9 == 3 else 1),
    ),
    Sample(
        "bad_conflicting_labels.csv",
        "label_conflict",
        "rows",
        "The same customer has left and has not.",
        lambda: _labels(lambda number: number % 2),
    ),
    Sample(
        "bad_too_small.csv",
        "too_few_rows",
        "profile",
        "A week of few customers: too little to learn from.",
        lambda: _file(_lines()[:60]),
    ),
)
SAMPLES = {sample.name: sample for sample in (*GOOD, *BAD)}


@lru_cache(maxsize=len(SAMPLES))
def sample_file(name: str) -> bytes:
    """Return the bytes of a sample by the name of its file; KeyError where there is none of that name."""
    return SAMPLES[name].make()
