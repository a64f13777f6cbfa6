"""Features of all customers of a log, or of one, on DuckDB or Spark."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from ml.logs.features.catalogue import TRAITS, list_absent, list_features, ranks_customers
from ml.logs.features.logs import MEMORY_LIMIT, CsvLog, EventLog, open_log, quote, to_cutoff
from ml.logs.features.single import compute_one

__all__ = ["FeatureReport", "compute_features", "compute_one", "write_csv"]

ENGINES = ("duckdb", "spark")
# So many events fit the memory limit with the most features; more are split by customer.
WHOLE_ROWS = 12_000_000
# Buckets are much smaller: groups that fit the cache are found faster.
BUCKET_ROWS, MOST_BUCKETS = 800_000, 100
CUTS = 99


@dataclass(frozen=True)
class FeatureReport:
    """What was computed.

    Attributes
    ----------
    feature_set : str
    as_of : datetime
        The cutoff, by the clock of the log.
    rows : int
        Customers in the file.
    features : tuple of str
        Columns after customer_id, in their order.
    absent : dict of str to str
        Features of the set that the log cannot give, each with the reason.
    cuts : tuple of int or None
        Percentiles of spend in millionths, which `compute_one` needs for percentile_rank_by_spend; None
        where nothing is known of it.
    columns : tuple of str
        Canonical columns of the log.
    has_time : bool
        Whether the log knows times of day.
    engine : str
    buckets : int
    seconds : float
    """

    feature_set: str
    as_of: datetime
    rows: int
    features: tuple[str, ...]
    absent: dict[str, str]
    cuts: tuple[int, ...] | None
    columns: tuple[str, ...]
    has_time: bool
    engine: str
    buckets: int
    seconds: float = field(compare=False)

    def to_dict(self) -> dict:
        """Return plain text, numbers and lists, ready for JSON."""
        found = asdict(self) | {"as_of": self.as_of.isoformat()}
        return found | {
            name: list(found[name]) for name in ("features", "columns", "cuts") if found[name] is not None
        }


@dataclass(frozen=True)
class FeatureTask:
    """One computation: what of which log, by when, and where its temporary files go."""

    log: EventLog | CsvLog
    as_of: datetime
    feature_set: str
    folder: Path
    memory_limit: str
    threads: int | None
    engine: str

    @property
    def ranks(self) -> bool:
        """Whether customers are compared with each other, so that all of them have to be known first."""
        return ranks_customers(self.feature_set, self.log.columns)

    def choose_buckets(self) -> int:
        """Return into how many parts the customers are split so that one fits the memory."""
        rows = self.log.rows
        if TRAITS[self.feature_set].one_pass or rows <= WHOLE_ROWS:
            return 1
        return min(MOST_BUCKETS, round(rows / BUCKET_ROWS))

    def is_whole(self, parts) -> bool:
        """Return whether the only part is the result: nothing to merge, nobody to rank.

        Parameters
        ----------
        parts : sequence

        Returns
        -------
        bool
        """
        return len(parts) == 1 and not self.ranks and self.engine == "duckdb"

    def looks_often(self, columns) -> bool:
        """Return whether the features look at the events more than once.

        Parameters
        ----------
        columns : collection of str

        Returns
        -------
        bool
        """
        return not TRAITS[self.feature_set].one_pass or "order_id" in columns


def compute_features(
    events,
    *,
    as_of,
    feature_set,
    target,
    engine="duckdb",
    memory_limit=MEMORY_LIMIT,
    buckets=None,
    on_progress=None,
    spark_master=None,
    threads=None,
    cuts=None,
):
    """Write the features of every customer with an event before the cutoff to a Parquet file.

    Parameters
    ----------
    events : Path, list of Path or CsvLog
        Canonical events; see `ml.logs.features.logs`.
    as_of : datetime or date
        The cutoff: no event at or after it is looked at.
    feature_set : str
        One of the catalogue. Those of purchases have rows only for customers with one.
    target : Path
        Parquet file to write, rows in the order of customer_id. Its folder takes temporary files.
    engine : {"duckdb", "spark"}
    memory_limit : str
        Of DuckDB, such as "3GB".
    buckets : int, optional
        Into how many parts the customers are split, one in memory at a time. Chosen by the number of events.
    on_progress : callable, optional
        Called with (done, total) after each part.
    spark_master : str, optional
        Of the cluster, such as "spark://host:7077". By default the engine "spark" runs in this process.
    threads : int, optional
        Of DuckDB; all cores by default.
    cuts : sequence of int, optional
        `FeatureReport.cuts` of the customers that a model learned from: percentile_rank_by_spend is then the
        rank among those. By default it is that among the customers of this log.

    Returns
    -------
    FeatureReport

    Raises
    ------
    ValueError
        Unknown engine or feature set, no such column, a number that is none or too large to be counted in
        millionths, or no customer with an event before the cutoff.
    """
    if engine not in ENGINES:
        raise ValueError(f"There is no engine {engine!r}. There are: {', '.join(ENGINES)}.")
    list_features(feature_set)
    from ml.logs.features.duck import compute_parts, list_spends, merge_parts

    started = time.monotonic()
    log, cutoff, target = open_log(events), to_cutoff(as_of), Path(target)
    absent = list_absent(feature_set, log.columns, has_time=log.has_time)
    features = [feature for feature in list_features(feature_set) if feature.name not in absent]
    with _refuse_what_is_no_number(), TemporaryDirectory(prefix="features-", dir=target.parent) as folder:
        task = FeatureTask(log, cutoff, feature_set, Path(folder), memory_limit, threads, engine)
        if engine == "spark":
            from ml.logs.features.spark import LOCAL, compute_parts_on_spark

            parts = compute_parts_on_spark(task, spark_master or LOCAL)
        else:
            parts = compute_parts(task, buckets or task.choose_buckets(), on_progress)
        if not task.ranks:
            cuts = None
        elif cuts is None:
            cuts = learn_cuts(list_spends(task, parts))
        # A file appears under its name only when it is whole.
        rows = merge_parts(task, parts, cuts, features, task.folder / "features.parquet")
        if rows == 0:
            raise ValueError(f"No customer has {_wanted(feature_set)} before {cutoff:%Y-%m-%d %H:%M}.")
        (task.folder / "features.parquet").replace(target)
    return FeatureReport(
        feature_set=feature_set,
        as_of=cutoff,
        rows=rows,
        features=tuple(feature.name for feature in features),
        absent=absent,
        cuts=cuts and tuple(cuts),
        columns=log.columns,
        has_time=log.has_time,
        engine=engine,
        buckets=len(parts),
        seconds=time.monotonic() - started,
    )


def learn_cuts(spends):
    """Return the 99 percentiles of the spends, each one of the spends itself.

    Parameters
    ----------
    spends : ndarray of int64, shape (n_customers,)
        In millionths.

    Returns
    -------
    tuple of int

    Examples
    --------
    >>> import numpy as np
    >>> learn_cuts(np.arange(1, 201))[:3]
    (3, 5, 7)
    """
    import numpy as np

    rising = np.sort(spends)
    if not rising.size:
        return (0,) * CUTS
    places = (np.arange(1, CUTS + 1) * rising.size) // (CUTS + 1)
    return tuple(int(cut) for cut in rising[places])


def write_csv(parquet, csv):
    """Write a Parquet file of features as CSV, for people.

    Parameters
    ----------
    parquet, csv : Path

    Returns
    -------
    int
        Customers.
    """
    import duckdb

    with duckdb.connect() as connection:
        (rows,) = connection.execute(
            f"COPY (SELECT * FROM read_parquet({quote(parquet)})) TO {quote(csv)} (FORMAT csv, HEADER)"
        ).fetchone()
    return rows


@contextmanager
def _refuse_what_is_no_number():
    import duckdb

    try:
        yield
    except duckdb.ConversionException as error:
        reason = str(error).splitlines()[0].removeprefix("Conversion Error: ")
        said = "The log holds a cell that cannot be counted, such as an amount above 9,000,000,000,000"
        raise ValueError(f"{said}: {reason}") from error


def _wanted(feature_set):
    return "a purchase" if TRAITS[feature_set].purchases_only else "an event"
