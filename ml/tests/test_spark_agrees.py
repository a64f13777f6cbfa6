import os
from datetime import datetime
from itertools import product

import pytest

from ml.logs.features.catalogue import FEATURE_SETS
from ml.logs.features.engine import compute_features
from ml.logs.features.spark import start_session
from ml.tests.purchase_logs import FULL, make_events, read_rows, write_events
from ml.tests.spark_cluster import find_java, run_cluster

# Orders of which nobody wrote down for how much.
UNPRICED = tuple(name for name in FULL if name != "amount")
AS_OF = datetime(2023, 9, 15, 17, 20)


# Each log once, and each set of features once.
@pytest.mark.parametrize("pairs", [zip, pytest.param(product, marks=pytest.mark.prove)])
@pytest.mark.slow
@pytest.mark.timeout(280)
def test_a_standalone_cluster_gives_the_numbers_of_duckdb(pairs, tmp_path, monkeypatch):
    if find_java() is None and os.environ.get("CI") != "true":
        pytest.skip("There is no Java here: features are not compared on a Spark cluster.")
    pytest.importorskip("pyspark", reason="pyspark is not installed (requirements-spark.txt).")
    # The name of this machine may lead to an address that the workers cannot reach.
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    # The last set of features has most of them: it is asked of the log that has all columns.
    logs = [
        write_events(tmp_path / "visits.parquet", make_events(), columns=("customer_id", "event_at")),
        write_events(tmp_path / "orders.parquet", make_events(), columns=UNPRICED),
        write_events(tmp_path / "events.parquet", make_events()),
    ]

    with run_cluster(tmp_path) as master, start_session(master):
        for log, feature_set in pairs(logs, FEATURE_SETS):
            reports = {
                engine: compute_features(
                    log, as_of=AS_OF, feature_set=feature_set, target=tmp_path / f"{engine}.parquet",
                    engine=engine, spark_master=master,
                )
                for engine in ("duckdb", "spark")
            }  # fmt: skip

            ours, theirs = read_rows(tmp_path / "duckdb.parquet"), read_rows(tmp_path / "spark.parquet")
            assert reports["spark"].rows == reports["duckdb"].rows > 40
            assert reports["spark"].cuts == reports["duckdb"].cuts
            assert list(theirs) == list(ours)
            for customer, row in ours.items():
                for name, value in row.items():
                    if isinstance(value, float):
                        assert theirs[customer][name] == pytest.approx(value, rel=1e-6, abs=1e-6), (
                            customer,
                            name,
                        )
                    else:
                        assert theirs[customer][name] == value, (customer, name)
