"""Import a purchase log of 100 MB in child processes, as the server does, beside plain pandas.

BENCH_LOG_MB sets another size. The peer reads the file with `read_csv`, its dates with `to_datetime` and
writes Parquet: it neither lists bad rows nor looks for equal ones, and its memory grows with the file.
"""

import os
import tempfile
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

MEGABYTES = int(os.environ.get("BENCH_LOG_MB", "100"))
MIB = 1 << 20
AIM_SECONDS, AIM_MIB, AIM_SILENCE = 60, 1024, 3
ROWS = 50_000
NOW = datetime(2026, 1, 1)


def main():
    from sandbox.child import supervise

    limits = {"memory_bytes": 16 << 30, "seconds": 3600}
    worst = {"seconds": 0.0, "memory": 0.0, "silence": 0.0}
    print(f"{MEGABYTES:,} MB of CSV; wall time, peak memory of the process that works, longest silence")
    for kind, write in (("ISO dates, point", _iso_row), ("DD.MM.YYYY HH:MM, comma", _european_row)):
        with tempfile.TemporaryDirectory(prefix="bench-log-") as name:
            folder = Path(name)
            path = folder / "log.csv"
            rows = _write_log(path, write)
            print(f"\n{kind}: {rows:,} rows\n{'':38}{'seconds':>9}{'peak MB':>9}{'silence s':>11}")
            preview, looked = _timed(
                supervise, "tabular.previews.preview:preview_for_parent",
                {"path": str(path), "rows": 100, "max_bytes": 16 << 30}, **limits,
            )  # fmt: skip
            spec = _freeze(preview.result)
            done, imported = _timed(
                supervise, "tabular.logs.events:import_for_parent",
                {
                    "path": str(path), "spec": spec.to_dict(), "now": NOW.isoformat(),
                    "events_path": str(folder / "events.parquet"),
                    "rejects_path": str(folder / "rejects.csv"),
                }, **limits,
            )  # fmt: skip
            options = {
                "path": str(path),
                "target": str(folder / "peer.parquet"),
                "european": write is _european_row,
            }
            peer, _ = _timed(supervise, "benchmarks.bench_log_import:import_with_pandas", options, **limits)
        assert done.result["rows_in"] == rows
        assert done.result["accepted"] + done.result["duplicates"] + done.result["rejected"] == rows
        for label, outcome, silence in (
            ("look at it (types, orders, signs)", preview, looked),
            ("import (and list bad and equal rows)", done, imported),
        ):
            print(f"{label:38}{outcome.seconds:9.1f}{outcome.peak_bytes / MIB:9,.0f}{silence:11.1f}")
            worst["memory"] = max(worst["memory"], outcome.peak_bytes / MIB)
            worst["silence"] = max(worst["silence"], silence)
        print(
            f"{'pandas: read_csv, to_datetime, Parquet':38}{peer.seconds:9.1f}{peer.peak_bytes / MIB:9,.0f}"
        )
        print(f"import / pandas: {done.seconds / peer.seconds:.2f} of the time, ", end="")
        print(f"{done.peak_bytes / peer.peak_bytes:.2f} of the memory")
        worst["seconds"] = max(worst["seconds"], preview.seconds + done.seconds)
    met = worst["seconds"] <= AIM_SECONDS and worst["memory"] <= AIM_MIB and worst["silence"] <= AIM_SILENCE
    print(
        f"\nAim for 100 MB: both steps <= {AIM_SECONDS} s, <= {AIM_MIB} MB, silence <= {AIM_SILENCE} s. "
        f"{'Met' if met else 'Missed'}."
    )


def import_with_pandas(*, path, target, european, on_progress):
    """Do what people do without thinking of bad rows; this runs in a child of its own."""
    import pandas as pd

    table = pd.read_csv(path, sep=";" if european else ",", decimal="," if european else ".")
    table["order_date"] = pd.to_datetime(table["order_date"], format="%d.%m.%Y %H:%M" if european else None)
    table.to_parquet(target)
    return len(table)


def _timed(work, function, arguments, **limits):
    """Return what a child did, and the longest time in which it said nothing."""
    heard = [time.monotonic()]
    outcome = work(function, arguments, **limits, on_progress=lambda *said: heard.append(time.monotonic()))
    heard.append(time.monotonic())
    return outcome, max(after - before for before, after in pairwise(heard))


def _freeze(found):
    from tabular.logs.mapping import freeze, guess_mapping
    from tabular.previews.preview import Preview

    preview = Preview.from_dict(found)
    return freeze(preview, {role: guess.column for role, guess in guess_mapping(preview).items()})


def _write_log(path, write_row):
    """Write orders of many customers, each with a time of its own; one row in a thousand names nobody."""
    random = np.random.default_rng(7)
    rows = 0
    with path.open("w") as file:
        separator = ";" if write_row is _european_row else ","
        file.write(
            separator.join(("order_id", "user_id", "order_date", "item_name", "quantity", "revenue")) + "\n"
        )
        while file.tell() < MEGABYTES * 1_000_000:
            seconds = random.integers(1_640_000_000, 1_720_000_000, ROWS)
            moments = seconds.astype("datetime64[s]").astype(str).tolist()
            users = random.integers(0, 80_000, ROWS).tolist()
            cents = random.integers(99, 500_000, ROWS).tolist()
            for at in range(ROWS):
                who = "" if not users[at] % 1000 else f"U-{users[at]:06d}"
                order = rows + at
                file.write(
                    write_row(order, who, moments[at], f"Product {cents[at] % 500}", 1 + order % 5, cents[at])
                )
            rows += ROWS
    return rows


def _iso_row(order, who, moment, product, quantity, cents):
    return (
        f"{order},{who},{moment[:10]} {moment[11:]},{product},{quantity},{cents // 100}.{cents % 100:02d}\n"
    )


def _european_row(order, who, moment, product, quantity, cents):
    day = f"{moment[8:10]}.{moment[5:7]}.{moment[:4]} {moment[11:16]}"
    return f"{order};{who};{day};{product};{quantity};{cents // 100},{cents % 100:02d}\n"


if __name__ == "__main__":
    main()
