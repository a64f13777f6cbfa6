"""The same features on Spark: the same expressions, compiled for it."""

from __future__ import annotations

import ibis

from ml.logs.features.duck import list_used
from ml.logs.features.expressions import build_features
from ml.logs.features.logs import SQL_TYPES
from ml.logs.features.terms import EVENTS

LOCAL = "local[2]"
SPARK_TYPES = {"VARCHAR": "string", "DOUBLE": "double", "TINYINT": "tinyint", "TIMESTAMP": "timestamp_ntz"}


def compute_parts_on_spark(task, master=LOCAL):
    """Write the features of all customers, as many files as Spark likes.

    Parameters
    ----------
    task : ml.logs.features.engine.FeatureTask
        Its folder and the files of its log must be seen by all workers of the cluster.
    master : str
        Of the cluster, such as "spark://host:7077"; by default Spark runs in this process.

    Returns
    -------
    list of Path
    """
    from pyspark.sql import SparkSession

    # A session of the caller goes on: workers take longer to start than small logs to compute.
    borrowed = SparkSession.getActiveSession() is not None
    session = start_session(master)
    try:
        columns = list_used(task.feature_set, task.log.columns)
        _read(session, task.log, columns).createOrReplaceTempView(EVENTS)
        expression = build_features(
            task.feature_set, columns=columns, has_time=task.log.has_time, as_of=task.as_of
        )
        written = task.folder / "spark"
        sql = ibis.pyspark.connect(session).compile(expression)
        session.sql(sql).write.parquet(written.as_uri())
    finally:
        if not borrowed:
            session.stop()
    return sorted(written.glob("*.parquet"))


def start_session(master=LOCAL):
    """Return a session whose clock is UTC and whose instants have no zone, as those of the log.

    Parameters
    ----------
    master : str

    Returns
    -------
    pyspark.sql.SparkSession
    """
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("churn-buster-features")
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        # Logs are small for Spark: 200 partitions would be 200 almost empty files.
        "spark.sql.shuffle.partitions": "8",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _read(session, log, columns):
    from pyspark.sql import functions as F

    paths = [path.resolve().as_uri() for path in log.paths]
    if log.is_text:
        frame = session.read.csv(paths, header=True, quote='"', escape='"')
    else:
        frame = session.read.parquet(*paths)
    cells = []
    for name in columns:
        cell = F.lit(None)
        if name in log.found:
            cell = F.col("`" + log.found[name].replace("`", "``") + "`")
        cell = cell.cast(SPARK_TYPES[SQL_TYPES[name]])
        cells.append((F.coalesce(cell, F.lit("purchase")) if name == "event_type" else cell).alias(name))
    return frame.select(*cells)
