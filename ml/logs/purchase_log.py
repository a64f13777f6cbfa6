"""One purchase log, opened for questions in SQL: its purchases, its customers and the days they bought on.

The file is what the import writes: Parquet with `customer_id`, `event_at`, `event_type` and, where the log
has them, `amount`, `order_id`, `product`, `category`, `quantity`, `discount`, `label`. DuckDB reads it in
place, within a memory limit; what does not fit goes to a temporary folder. In a log without amounts, which
is one of visits, every amount is null.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

PURCHASE = "purchase"
RETURN = "return"
AMOUNT = "amount"
REQUIRED = ("customer_id", "event_at", "event_type")
# All that a log may have, in the order in which a person reads them.
COLUMNS = (
    "customer_id",
    "event_at",
    AMOUNT,
    "event_type",
    "order_id",
    "product",
    "category",
    "quantity",
    "discount",
    "label",
)

_PURCHASES_OF_ORDERS = """
CREATE TEMP TABLE purchases AS
SELECT customer_id, min(event_at) AS bought_at, sum(amount) AS amount, count(*) AS lines, {items} AS items
FROM events WHERE event_type = 'purchase' AND order_id IS NOT NULL GROUP BY customer_id, order_id
UNION ALL
SELECT customer_id, event_at, amount, 1, {item} FROM events WHERE event_type = 'purchase' AND order_id IS NULL
"""
_PURCHASES_OF_ROWS = """
CREATE TEMP TABLE purchases AS
SELECT customer_id, event_at AS bought_at, amount, 1 AS lines, {item} AS items
FROM events WHERE event_type = 'purchase'
"""
# Two purchases on one day are one day: the gap between them says nothing about staying away.
_BUYING_DAYS = """
CREATE TEMP TABLE buying_days AS
SELECT customer_id, day, lead(day) OVER of_customer AS next_day
FROM (SELECT DISTINCT customer_id, bought_at::DATE AS day FROM purchases)
WINDOW of_customer AS (PARTITION BY customer_id ORDER BY day)
"""
_CUSTOMERS = """
CREATE TEMP TABLE customers AS
SELECT customer_id, count(*) AS purchases, sum(amount) AS amount, min(bought_at)::DATE AS first_day,
    max(bought_at)::DATE AS latest_day
FROM purchases GROUP BY customer_id
"""


class PurchaseLog:
    """A log that answers SQL, as a context manager.

    Tables: `events` (a view on the file), `purchases` (one row per order, or per row where there are no order
    numbers), `customers` (one row per buyer) and `buying_days` (one row per customer and day with a purchase,
    with the customer's `next_day`).

    Parameters
    ----------
    events : Path or list of Path
        Parquet files as described above.
    as_of : datetime, optional
        Only events before it exist. Default: all of them.
    memory_limit : str, default "1GB"
        What DuckDB may hold in memory.
    threads : int, default 2
    scratch : Path, optional
        Folder for what does not fit into memory. Default: a temporary one.

    Attributes
    ----------
    columns : tuple of str
        The columns of the file.
    has_time : bool
        Whether any event has a time of day.
    end : date or None
        The day after the latest event: up to here the log is complete. None where there is no event.

    Raises
    ------
    ValueError
        A required column is missing.
    """

    def __init__(self, events, *, as_of=None, memory_limit="1GB", threads=2, scratch=None):
        self._scratch = scratch
        self._paths = [str(path) for path in ([events] if isinstance(events, str | Path) else events)]
        self.as_of = as_of
        self._settings = {"memory_limit": memory_limit, "threads": threads, "preserve_insertion_order": False}

    def __enter__(self):
        import duckdb

        self._folder = tempfile.TemporaryDirectory(prefix="purchase-log-", dir=self._scratch)
        self._connection = duckdb.connect(
            config={
                **self._settings,
                "temp_directory": self._folder.name,
                "autoinstall_known_extensions": False,
            }
        )
        try:
            self._open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._connection.close()
        self._folder.cleanup()

    def _open(self):
        self._connection.read_parquet(self._paths).create_view("every_event")
        self.columns = tuple(row["column_name"] for row in self.rows("DESCRIBE every_event"))
        if missing := [name for name in REQUIRED if name not in self.columns]:
            raise ValueError(f"The log has no column {', '.join(missing)}; it has {', '.join(self.columns)}.")
        before = f"WHERE event_at < TIMESTAMP '{self.as_of.isoformat(sep=' ')}'" if self.as_of else ""
        cells = "*" if self.has_amounts else f"*, NULL::DOUBLE AS {AMOUNT}"
        self._connection.execute(f"CREATE VIEW events AS SELECT {cells} FROM every_event {before}")
        item = "quantity" if self.has("quantity") else "NULL::DOUBLE"
        template = _PURCHASES_OF_ORDERS if self.has("order_id") else _PURCHASES_OF_ROWS
        self._connection.execute(template.format(item=item, items=f"sum({item})"))
        self._connection.execute(_BUYING_DAYS)
        self._connection.execute(_CUSTOMERS)
        latest, timed = self.row(
            "SELECT max(event_at), bool_or(event_at::TIME <> TIME '00:00') FROM events"
        ).values()
        self.end = latest.date() + dt.timedelta(days=1) if latest else None
        self.has_time = bool(timed)

    def has(self, *names):
        """Tell whether the log has all these columns."""
        return all(name in self.columns for name in names)

    @property
    def has_amounts(self):
        """Whether the log says what was paid."""
        return self.has(AMOUNT)

    def rows(self, sql, **parameters):
        """Return the answer to a question as a list of dictionaries."""
        answer = self._connection.execute(sql, parameters or None)
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def row(self, sql, **parameters):
        """Return the one row that answers a question."""
        return self.rows(sql, **parameters)[0]

    def remember(self, name, sql):
        """Keep the answer to a question as a table called `name`."""
        self._connection.execute(f"CREATE TEMP TABLE {name} AS {sql}")

    def arrays(self, sql, **parameters):
        """Return the answer to a question as numpy arrays by column name."""
        return self._connection.execute(sql, parameters or None).fetchnumpy()
