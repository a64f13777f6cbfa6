"""Nothing that happens after the cutoff may reach a feature."""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ml.logs.features.duck import compile_expression, connect, write_literal
from ml.logs.features.logs import SQL_TYPES, open_log, to_cutoff

MUTATIONS = ("deleted", "shifted", "invented")
EXAMINED = 20


class LeakAfterCutoff(ValueError):
    """A feature changed when only the time at or after the cutoff did.

    Attributes
    ----------
    feature : str
    mutation : str
        What was done to the events at or after the cutoff: "deleted", "shifted" or "invented".
    """

    code = "LEAK_AFTER_CUTOFF"

    def __init__(self, feature, mutation, customer):
        super().__init__(
            f"{feature} knows what happens after the cutoff: with the later events {mutation} it is another "
            f"for customer {customer}. It must not be learned from."
        )
        self.feature, self.mutation, self.customer = feature, mutation, customer


@dataclass(frozen=True)
class GuardReport:
    """What was examined, and held.

    Attributes
    ----------
    features : tuple of str
    customers : int
    mutations : tuple of str
    """

    features: tuple[str, ...]
    customers: int
    mutations: tuple[str, ...] = MUTATIONS

    def to_dict(self) -> dict:
        """Return plain text, numbers and lists, ready for JSON."""
        return asdict(self) | {"features": list(self.features), "mutations": list(self.mutations)}


def check_features(events, *, as_of, feature_set=None, build=None, customers=EXAMINED):
    """Refuse features that look at or beyond the cutoff, by changing what happens there.

    The features of some customers are computed four times: from the log as it is, and with the events at or
    after the cutoff deleted, shifted by a day and more, and joined by invented ones. All four must agree bit
    for bit.

    Parameters
    ----------
    events : Path, list of Path or CsvLog
        Canonical events.
    as_of : datetime or date
    feature_set : str, optional
        A set of the catalogue.
    build : callable, optional
        Instead of a set: called as `build(columns=, has_time=, as_of=)`, it returns an Ibis expression over
        the table `events` (see `ml.logs.features.terms.open_events`) with customer_id first.
    customers : int
        How many customers are examined: those with most events at or after the cutoff, then the others, in a
        fixed order.

    Returns
    -------
    GuardReport

    Raises
    ------
    LeakAfterCutoff
        A feature changed; it is named.
    ValueError
        Neither a set nor an expression was given, or no customer has an event before the cutoff.
    """
    log, cutoff = open_log(events), to_cutoff(as_of)
    sql, features = compile_expression(
        feature_set=feature_set, build=build, columns=log.columns, has_time=log.has_time, as_of=cutoff
    )
    with TemporaryDirectory() as folder, connect(Path(folder)) as duck:
        examined = _gather(duck, log, cutoff, customers)
        if not examined:
            raise ValueError(f"No customer has an event before {cutoff:%Y-%m-%d %H:%M}.")
        truth = _compute(duck, sql, "known")
        for mutation, view in _mutate(duck, log.columns, cutoff).items():
            found = _compute(duck, sql, view)
            if found != truth:
                raise LeakAfterCutoff(*_find(truth, found, features, mutation))
    return GuardReport(features=features, customers=examined)


def _gather(duck, log, cutoff, customers):
    """Keep the events of the examined customers in the table `known`; return how many there are."""
    at = write_literal(cutoff)
    duck.execute(f"CREATE TEMP VIEW log AS {log.select()}")
    duck.execute(
        "CREATE TEMP TABLE chosen AS SELECT customer_id FROM log GROUP BY customer_id "
        f"HAVING min(event_at) < {at} "
        f"ORDER BY count(*) FILTER (WHERE event_at >= {at}) DESC, hash(customer_id) LIMIT {int(customers)}"
    )
    duck.execute("CREATE TEMP TABLE known AS SELECT log.* FROM log SEMI JOIN chosen USING (customer_id)")
    return duck.execute("SELECT count(*) FROM chosen").fetchone()[0]


def _mutate(duck, columns, cutoff):
    """Return a view for each mutation of the events at or after the cutoff."""
    at = write_literal(cutoff)
    before = f"SELECT {', '.join(columns)} FROM known WHERE event_at < {at}"
    invented = {
        "event_at": f"{at} + to_hours(hours)",
        "amount": "1e6 + hours",
        "event_type": "CASE hours WHEN 30 THEN 'login' WHEN 31 THEN 'return' ELSE 'purchase' END",
        "order_id": "'invented-' || hours",
        "product": "'invented product'",
        "category": "'invented category'",
        "quantity": "1000",
        "discount": "1",
        "label": "1",
    }
    later = ", ".join(
        name if name == "customer_id" else f"CAST({invented[name]} AS {SQL_TYPES[name]}) AS {name}"
        for name in columns
    )
    shifted = ", ".join(
        "event_at + INTERVAL 40 HOUR AS event_at" if name == "event_at" else name for name in columns
    )
    views = {
        "deleted": before,
        "shifted": f"{before} UNION ALL SELECT {shifted} FROM known WHERE event_at >= {at}",
        # One of them exactly at the cutoff, and enough to win any count.
        "invented": f"SELECT {', '.join(columns)} FROM known UNION ALL SELECT {later} FROM chosen, "
        "(SELECT unnest([0, 1, 30, 31, 100, 1000, 2000]) AS hours)",
    }
    for name, sql in views.items():
        duck.execute(f"CREATE TEMP VIEW {name} AS {sql}")
    return {name: name for name in views}


def _compute(duck, sql, view):
    """Return the features of every customer as bits."""
    duck.execute(f"CREATE OR REPLACE TEMP VIEW events AS SELECT * FROM {view}")
    return {row[0]: tuple(_bits(value) for value in row[1:]) for row in duck.execute(sql).fetchall()}


def _bits(value):
    # NaN equals itself here, and 0 does not equal -0.
    return struct.pack("<d", value) if isinstance(value, float) else value


def _find(truth, found, features, mutation):
    for customer in sorted(truth.keys() | found.keys()):
        before, after = truth.get(customer), found.get(customer)
        if before is None or after is None:
            return features[0], mutation, customer
        for name, old, new in zip(features, before, after, strict=True):
            if old != new:
                return name, mutation, customer
    raise AssertionError("Nothing differs.")
