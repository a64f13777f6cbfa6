"""The features as Ibis expressions: written once, run on DuckDB and on Spark.

Every sum is a sum of integers: amounts and quantities are counted in millionths, time in days. Such a sum is
the same in whatever order an engine adds it up, so that one customer alone gets bit for bit what a batch
gives. Divisions, powers and logarithms come last, once per customer, on those integers.
"""

from __future__ import annotations

from functools import reduce

import ibis

from ml.logs.features.catalogue import PERCENTILE, list_absent, list_features, ranks_customers
from ml.logs.features.retail import build_retail
from ml.logs.features.rfm import build_rfm
from ml.logs.features.terms import open_events
from ml.logs.features.windows import build_retail_with_windows

PARTS = "parts"
FEATURE_KINDS = {"integer": "int64", "float": "float64", "category": "string"}
BUILDERS = {"rfm_v2": build_rfm, "retail_v1": build_retail, "retail_v2": build_retail_with_windows}


def build_features(feature_set, *, columns, has_time, as_of):
    """Return the features of every customer with an event before the cutoff, as an unbound expression.

    Parameters
    ----------
    feature_set : str
        One of the catalogue. Those of purchases have a row only for customers with one: they speak of
        nothing else.
    columns : collection of str
        Canonical columns that the table `events` has.
    has_time : bool
        Whether its instants carry times of day.
    as_of : datetime
        The cutoff, by the clock of the log (no zone).

    Returns
    -------
    ibis.expr.types.Table
        customer_id first, then the features of the set that the columns allow, in the catalogue's order and
        types. Where the set ranks customers by what they paid, the column `spend_micros` stands in place of
        the rank: ranking needs all of them, so it is done in `finish_features`.

    Raises
    ------
    ValueError
        There is no such set.
    """
    kinds = {feature.name: FEATURE_KINDS[feature.dtype] for feature in list_features(feature_set)}
    absent = list_absent(feature_set, columns, has_time=has_time, has_population=False)
    cells = {name: kind for name, kind in kinds.items() if name not in absent}
    events = open_events(columns)
    table = BUILDERS[feature_set](events, as_of=as_of, has_time=has_time)
    if ranks_customers(feature_set, columns):
        cells["spend_micros"] = "int64"
    return table.select("customer_id", **{name: table[name].cast(kind) for name, kind in cells.items()})


def finish_features(feature_set, *, names, cuts=None):
    """Return the features of all customers from those of each bucket, in the order of the customers.

    Parameters
    ----------
    feature_set : str
    names : sequence of str
        Features of the set that the log allows.
    cuts : sequence of int, optional
        Percentiles of the spend of all customers, in millionths.

    Returns
    -------
    ibis.expr.types.Table
        Of the unbound table `parts`, each feature in the type of the catalogue.
    """
    kinds = {feature.name: FEATURE_KINDS[feature.dtype] for feature in list_features(feature_set)}
    there = {name: kinds[name] for name in names if name != PERCENTILE}
    if cuts is not None:
        there["spend_micros"] = "int64"
    parts = ibis.table({"customer_id": "string"} | there, name=PARTS)
    cells = {
        name: (rank(parts.spend_micros, cuts) if name == PERCENTILE else parts[name]).cast(kinds[name])
        for name in names
    }
    return parts.select("customer_id", **cells).order_by("customer_id")


def rank(spend, cuts):
    """Return how many of the cuts a column of spends reaches.

    Parameters
    ----------
    spend : ibis.expr.types.IntegerColumn
    cuts : sequence of int

    Returns
    -------
    ibis.expr.types.IntegerColumn
    """
    reached = [(spend >= ibis.literal(int(cut), type="int64")).cast("int64") for cut in cuts]
    return reduce(lambda total, one: total + one, reached)
