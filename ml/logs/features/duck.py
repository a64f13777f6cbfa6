"""The features on DuckDB: in one go, or bucket by bucket where the log outgrows the memory."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache, partial

import duckdb
import ibis
import pyarrow.parquet as pq

from ml.logs.features.catalogue import TRAITS, list_features, list_needs
from ml.logs.features.expressions import (
    PARTS,
    build_features,
    finish_features,
)
from ml.logs.features.logs import MEMORY_LIMIT, quote, quote_paths
from ml.logs.features.terms import EVENTS, PURCHASE, RETURN

# The cutoff under which expressions are compiled once; what it became in SQL is then exchanged for the real
# one.
STAND_IN = datetime(2001, 2, 3, 4, 5, 6)
STAND_IN_SQL = "MAKE_TIMESTAMP(2001, 2, 3, 4, 5, 6.0)"
SQL_KINDS = {"integer": "BIGINT", "float": "DOUBLE", "category": "VARCHAR"}
WAITING_ROWS = 50_000
KEYS = {"customer_id": "VARCHAR", "spend_micros": "BIGINT"}
# Where they are there.
ALWAYS_USED = ("customer_id", "event_at", "amount", "event_type", "order_id")


def list_used(feature_set, columns):
    """Return which columns of a log are read; the others would be carried through every bucket.

    Parameters
    ----------
    feature_set : str
    columns : tuple of str
        Canonical columns of the log.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> list_used("rfm_v2", ("customer_id", "event_at", "amount", "event_type", "product"))
    ('customer_id', 'event_at', 'amount', 'event_type')
    """
    used = list_needs(feature_set).union(ALWAYS_USED)
    return tuple(name for name in columns if name in used)


@lru_cache(maxsize=64)
def compile_features(feature_set, columns, has_time, as_of_sql):
    """Return the SQL of the features over a table `events`.

    Parameters
    ----------
    feature_set : str
    columns : tuple of str
        Canonical columns of the table.
    has_time : bool
    as_of_sql : str
        What stands for the cutoff: a literal, or a parameter of the query.

    Returns
    -------
    str
    """
    expression = build_features(feature_set, columns=columns, has_time=has_time, as_of=STAND_IN)
    sql = str(ibis.to_sql(expression, dialect="duckdb"))
    if STAND_IN_SQL not in sql:
        raise RuntimeError("The cutoff is not where it was expected in the compiled features.")
    # DuckDB adds integers up in 128 bits, which Parquet has no type for: they would become floats on the way.
    kinds = {feature.name: SQL_KINDS[feature.dtype] for feature in list_features(feature_set)} | KEYS
    cells = ", ".join(f'CAST("{name}" AS {kinds[name]}) AS "{name}"' for name in expression.columns)
    return f"SELECT {cells} FROM ({sql.replace(STAND_IN_SQL, as_of_sql)})"


def compile_expression(*, columns, has_time, as_of, feature_set=None, build=None):
    """Return the SQL of a set of features, or of an expression of one's own, and the names of the features.

    Parameters
    ----------
    columns : tuple of str
        Canonical columns of the table `events`.
    has_time : bool
    as_of : datetime
    feature_set : str, optional
    build : callable, optional
        Called as `build(columns=, has_time=, as_of=)`; returns an Ibis expression with customer_id first.

    Returns
    -------
    str
    tuple of str

    Raises
    ------
    ValueError
        Not exactly one of the two was given.
    """
    if (feature_set is None) == (build is None):
        raise ValueError("Give either a feature set or an expression.")
    if build is None:
        sql = compile_features(feature_set, columns, has_time, write_literal(as_of))
        build = partial(build_features, feature_set)
        names = build(columns=columns, has_time=has_time, as_of=STAND_IN).columns
        return sql, tuple(names[1:])
    expression = build(columns=columns, has_time=has_time, as_of=as_of)
    return str(ibis.to_sql(expression, dialect="duckdb")), tuple(expression.columns[1:])


def write_literal(as_of):
    """Return an instant without zone as SQL.

    Parameters
    ----------
    as_of : datetime

    Returns
    -------
    str

    Examples
    --------
    >>> write_literal(datetime(2011, 9, 10))
    "TIMESTAMP '2011-09-10 00:00:00.000000'"
    """
    return f"TIMESTAMP '{as_of.isoformat(sep=' ', timespec='microseconds')}'"


def connect(folder, *, memory_limit=MEMORY_LIMIT, threads=None):
    """Return a connection that spills to a folder rather than go over its memory.

    Parameters
    ----------
    folder : Path
    memory_limit : str
    threads : int, optional

    Returns
    -------
    duckdb.DuckDBPyConnection
    """
    config = {
        "memory_limit": memory_limit,
        "temp_directory": str(folder / "spill"),
        "preserve_insertion_order": False,
    }
    return duckdb.connect(config=config if threads is None else config | {"threads": threads})


def compute_parts(task, buckets, on_progress=None):
    """Write the features of each bucket of customers to a file of its own.

    Parameters
    ----------
    task : ml.logs.features.engine.FeatureTask
    buckets : int
    on_progress : callable, optional
        Called with (done, total).

    Returns
    -------
    list of Path
    """
    log, folder = task.log, task.folder
    columns = list_used(task.feature_set, log.columns)
    cutoff = write_literal(task.as_of)
    sql = compile_features(task.feature_set, columns, log.has_time, cutoff)
    kept, only, same = _narrow(columns, TRAITS[task.feature_set])
    cells = ", ".join(kept)
    before = f"SELECT {cells} FROM ({log.select()}) WHERE event_at < {cutoff}{only}"
    parts = []
    with connect(folder, memory_limit=task.memory_limit, threads=task.threads) as connection:
        sources = [before]
        if buckets > 1:
            staged = _stage(connection, before, buckets, folder / "staged")
            # Without any event there is no bucket, but an empty result all the same.
            sources = [
                f"SELECT {cells} FROM read_parquet({quote(one / '*.parquet')})" for one in staged
            ] or sources
        for number, source in enumerate(sources):
            # Text is parsed once, even where the features look at the events several times.
            kind = "TABLE" if log.is_text and buckets == 1 and task.looks_often(columns) else "VIEW"
            connection.execute(f"CREATE OR REPLACE TEMP {kind} kept AS {source}")
            connection.execute(f"CREATE OR REPLACE TEMP VIEW {EVENTS} AS SELECT *{same} FROM kept")
            part = folder / f"part-{number:04d}.parquet"
            ordered = f"{sql} ORDER BY customer_id" if task.is_whole(sources) else sql
            packing = "zstd" if task.is_whole(sources) else "lz4"
            connection.execute(f"COPY ({ordered}) TO {quote(part)} (FORMAT parquet, COMPRESSION {packing})")
            parts.append(part)
            if on_progress is not None:
                on_progress(number + 1, len(sources))
    return parts


def _stage(connection, events, buckets, folder):
    """Write the events of each bucket of customers to a folder of its own; return those that have any."""
    # Written soon: rows that wait for their bucket to fill take memory, and are no faster for it.
    connection.execute(f"SET partitioned_write_flush_threshold = {WAITING_ROWS}")
    connection.execute(
        f"COPY (SELECT *, hash(customer_id) % {buckets} AS bucket FROM ({events})) TO "
        f"{quote(folder)} (FORMAT parquet, PARTITION_BY (bucket), COMPRESSION lz4)"
    )
    return sorted(folder.glob("bucket=*"))


def _narrow(columns, traits):
    """Return the columns to store, the condition on the rows, and the column that all stored rows share."""
    if not traits.purchases_only:
        return columns, "", ""
    if traits.counts_returns:
        return columns, f" AND event_type IN ('{PURCHASE}', '{RETURN}')", ""
    kept = tuple(name for name in columns if name != "event_type")
    return kept, f" AND event_type = '{PURCHASE}'", f", '{PURCHASE}' AS event_type"


def merge_parts(task, parts, cuts, features, target):
    """Write the parts as one file in the order of the customers, with the rank among them where it belongs.

    Parameters
    ----------
    task : ml.logs.features.engine.FeatureTask
    parts : list of Path
    cuts : tuple of int or None
    features : sequence of FeatureDefinition
    target : Path

    Returns
    -------
    int
        Customers.
    """
    if task.is_whole(parts):
        parts[0].replace(target)
        return pq.read_metadata(target).num_rows
    expression = finish_features(task.feature_set, names=[feature.name for feature in features], cuts=cuts)
    with connect(task.folder, memory_limit=task.memory_limit, threads=task.threads) as connection:
        connection.execute("SET preserve_insertion_order = true")
        connection.execute(f"CREATE TEMP VIEW {PARTS} AS SELECT * FROM read_parquet({quote_paths(parts)})")
        sql = ibis.to_sql(expression, dialect="duckdb")
        written = connection.execute(f"COPY ({sql}) TO {quote(target)} (FORMAT parquet, COMPRESSION zstd)")
        (rows,) = written.fetchone()
    return rows


def list_spends(task, parts):
    """Return the spends of all customers, in millionths, as an array.

    Parameters
    ----------
    task : ml.logs.features.engine.FeatureTask
    parts : list of Path

    Returns
    -------
    ndarray of int64, shape (n_customers,)
    """
    with connect(task.folder, memory_limit=task.memory_limit, threads=task.threads) as connection:
        sql = f"SELECT CAST(spend_micros AS BIGINT) AS spend FROM read_parquet({quote_paths(parts)})"
        return connection.execute(sql).fetchnumpy()["spend"]
