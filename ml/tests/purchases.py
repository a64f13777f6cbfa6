"""Small purchase logs with known answers, written as the import writes them."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq

FIRST = dt.datetime(2024, 1, 1)


def event(customer, day, amount=10.0, kind="purchase", **more):
    """One event, `day` days after 1 January 2024 (a fraction is a time of day)."""
    return {
        "customer_id": customer,
        "event_at": FIRST + dt.timedelta(days=day),
        "amount": amount,
        "event_type": kind,
        **more,
    }


def write_log(path, events):
    types = {
        "customer_id": pa.string(),
        "event_at": pa.timestamp("us"),
        "amount": pa.float64(),
        "event_type": pa.string(),
        "order_id": pa.string(),
        "product": pa.string(),
        "category": pa.string(),
        "quantity": pa.float64(),
        "discount": pa.float64(),
        "label": pa.int8(),
    }
    needed = list(types)[:4]
    names = [name for name in types if name in needed or any(name in row for row in events)]
    columns = {name: pa.array([row.get(name) for row in events], types[name]) for name in names}
    pq.write_table(pa.table(columns), path)
    return path


def write_rows(path, target, query):
    """Write what DuckDB reads out of the file at `path` by `query`, where `{path}` stands for its place."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query.format(path=path)}) TO '{target}' (FORMAT parquet)")
    return target
