"""From a CSV of events to a Parquet file of features, beside DuckDB that only reads, plain SQL and pandas.

BENCH_EVENTS sets another number of events (1000000 for a quick look), BENCH_ROUNDS how often each is
measured, the best counting; BENCH_LARGE adds the full set over so many events (50000000), for its memory and
how it grows.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

EVENTS = int(os.environ.get("BENCH_EVENTS", "10000000"))
LARGE = int(os.environ.get("BENCH_LARGE", "0"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "2"))
AS_OF = "2023-10-01"
MIB = 1 << 20
EIGHT = ("customer_id", "event_date", "amount", "event_type")
ALL = ("customer_id", "event_at", "amount", "event_type", "product", "category", "quantity", "discount")
# What must hold: ours beside which peer, at least how many times as fast.
AIMS = (
    ("eight", "read eight", 0.5),
    ("eight", "pandas eight", 2.0),
    ("full", "SQL full", 1.0),
    ("full", "pandas full", 3.0),
    ("full windows", "full", 0.67),
)
MOST_PEAK_MB, MOST_TIMES = 4096, 6.0


def main():
    with tempfile.TemporaryDirectory(prefix="bench-features-") as name:
        folder = Path(name)
        _write_events(folder, EVENTS)
        customers = EVENTS // 50
        print(f"{EVENTS:,} events of {customers:,} customers, CSV to Parquet, best of {ROUNDS}.")
        print(f"{'':16}{'seconds':>9}{'CPU s':>9}{'peak MB':>9}{'events/s':>13}")
        best = {}
        for _ in range(ROUNDS):
            # All in each round, so that a busy minute of the machine falls on everybody.
            for way in WAYS:
                found = _measure(way, folder, EVENTS)
                if way not in best or found["seconds"] < best[way]["seconds"]:
                    best[way] = found
        for way, found in best.items():
            _print(way, found, EVENTS)
        for ours, peer, aim in AIMS:
            wall, cpu = (best[peer][key] / best[ours][key] for key in ("seconds", "cpu"))
            ratio = f"{ours} beside {peer}: {wall:.2f}x (CPU {cpu:.2f}x)"
            print(f"{ratio}, aim >= {aim}. {_verdict(wall >= aim)}")
        print("The same numbers as plain SQL: " + _compare(folder))
        if LARGE:
            _measure_large(folder, best["full"])


def _measure_large(folder, small):
    for path in folder.iterdir():
        path.unlink()
    _write_events(folder, LARGE, eight=False)
    found = _measure("full", folder, LARGE)
    _print("full, large", found, LARGE)
    times, cpu = (found[key] / small[key] for key in ("seconds", "cpu"))
    peak = found["peak"] / MIB
    print(f"Peak {peak:,.0f} MB, aim <= {MOST_PEAK_MB:,}. {_verdict(peak <= MOST_PEAK_MB)}")
    ratio = f"{times:.1f}x the time of {EVENTS:,} (CPU {cpu:.1f}x)"
    print(f"{ratio}, aim <= {MOST_TIMES}. {_verdict(times <= MOST_TIMES)}")


def _write_events(folder, events, *, eight=True):
    """Customers of very different activity over two years; the same on every machine."""
    import duckdb

    common = (
        f"'C' || lpad(CAST(CAST(floor({events // 50} * pow(random(), 1.3)) AS INT) AS VARCHAR), 7, '0') AS "
        f"customer_id, "
        "{at}, round(exp(random() * 4 + 0.5), 2) AS amount, "
        "CASE WHEN random() < 0.8 THEN 'purchase' WHEN random() < 0.7 THEN 'login' ELSE 'return' END AS "
        "event_type"
    )
    date = "strftime(DATE '2022-01-01' + CAST(random() * 730 AS INT), '%Y-%m-%d') AS event_date"
    instant = (
        "strftime(TIMESTAMP '2022-01-01' + to_seconds(CAST(random() * 730 * 86400 AS BIGINT)), '%Y-%m-%d "
        "%H:%M:%S') "
        "AS event_at"
    )
    more = (
        ", 'P' || CAST(floor(3000 * random() * random()) AS INT) AS product, "
        "'category ' || CAST(floor(12 * random()) AS INT) AS category, CAST(1 + floor(random() * 4) AS INT) "
        "AS quantity, "
        "CASE WHEN random() < 0.2 THEN 0.1 ELSE 0 END AS discount"
    )
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SELECT setseed(0.42)")
    files = {"full.csv": common.format(at=instant) + more}
    if eight:
        files["eight.csv"] = common.format(at=date)
    for name, cells in files.items():
        connection.execute(f"COPY (SELECT {cells} FROM range({events})) TO '{folder / name}' (HEADER)")


def _measure(way, folder, events):
    """Run one way in a process of its own, so that its memory is its own."""
    code = "from benchmarks.bench_features import run_way; import sys; run_way(*sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, way, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{way} over {events:,} events failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def run_way(way, folder):
    """Measure one way in this process, and print what it took as JSON."""
    import resource
    import time

    folder = Path(folder)
    source = folder / ("full.csv" if "full" in way else "eight.csv")
    WARM_UP[way.split()[0]]()
    started, before = time.monotonic(), time.process_time()
    WAYS[way](source, folder / f"{way}.parquet")
    found = {"seconds": time.monotonic() - started, "cpu": time.process_time() - before}
    print(json.dumps(found | {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


def _compute(feature_set, columns, has_time):
    def compute(source, target):
        from datetime import datetime

        from ml.logs.features.engine import compute_features
        from ml.logs.features.logs import CsvLog

        headers = {("event_at" if name == "event_date" else name): name for name in columns}
        log = CsvLog(source, headers, has_time=has_time)
        compute_features(log, as_of=datetime.fromisoformat(AS_OF), feature_set=feature_set, target=target)

    return compute


def _plain(name):
    def compute(source, target):
        from benchmarks import features_peers

        getattr(features_peers, name)(str(source), str(target), AS_OF)

    return compute


def _read(columns, read):
    def compute(source, target):
        from benchmarks import features_peers

        features_peers.read_with_duckdb(str(source), columns, getattr(features_peers, read))

    return compute


def _import_ours():
    # Imports are paid once by a server, not by each log.
    import duckdb
    import ibis.backends.sql.compilers
    import pyarrow.parquet

    import ml.logs.features.duck
    import ml.logs.features.engine
    import ml.logs.features.windows

    return duckdb, ibis, pyarrow, ml


def _import_duckdb():
    import duckdb

    return duckdb


def _import_pandas():
    import pandas
    import pyarrow.csv

    return pandas, pyarrow


WAYS = {
    "read eight": _read(EIGHT, "READ_EIGHT"),
    "eight": _compute("rfm_v2", EIGHT, has_time=False),
    "pandas eight": _plain("eight_with_pandas"),
    "read full": _read(ALL, "READ_ALL"),
    "full": _compute("retail_v1", ALL, has_time=True),
    "full windows": _compute("retail_v2", ALL, has_time=True),
    "SQL full": _plain("full_with_duckdb"),
    "pandas full": _plain("full_with_pandas"),
}
WARM_UP = {
    "read": _import_duckdb, "SQL": _import_duckdb, "pandas": _import_pandas, "eight": _import_ours, "full":
    _import_ours,
}  # fmt: skip


def _print(way, found, events):
    seconds, cpu, peak = found["seconds"], found["cpu"], found["peak"] / MIB
    print(f"{way:16}{seconds:9.2f}{cpu:9.2f}{peak:9,.0f}{events / seconds:13,.0f}", flush=True)


def _compare(folder):
    """Return in how many cells ours and plain SQL differ; the rank is defined another way there."""
    import duckdb

    differing, skipped = {}, ("customer_id", "percentile_rank_by_spend")
    ours, plain = (f"read_parquet('{folder / way}.parquet')" for way in ("full", "SQL full"))
    for name, kind, *_ in duckdb.execute(f"DESCRIBE SELECT * FROM {ours}").fetchall():
        if name in skipped:
            continue
        same = f"o.{name} = p.{name}"
        if kind == "DOUBLE":
            same = f"abs(o.{name} - p.{name}) <= 1e-6 * greatest(1, abs(p.{name}))"
        joined = f"{ours} o FULL JOIN {plain} p USING (customer_id)"
        (wrong,) = duckdb.execute(f"SELECT count(*) FROM {joined} WHERE ({same}) IS NOT TRUE").fetchone()
        if wrong:
            differing[name] = wrong
    return "yes, for every customer." if not differing else f"no: {differing}"


def _verdict(holds):
    return "Met." if holds else "Missed."


if __name__ == "__main__":
    main()
