"""Lint, then every test: on MariaDB what touches the database, on SQLite everything.

Four calls of pytest, because tests that drive a browser, kill processes or measure memory (`browser`,
`slow`) must have the machine for themselves, while the rest is shared between two processes. The largest
comes last, so that the last line of the output is the one that people look for.

    python -m scripts.run_tests             what `make test` runs
    python -m scripts.run_tests --sqlite    without MariaDB
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts.lint import BASE_DIR, lint
from scripts.private_mariadb import MariaDBMissing, private_mariadb

PROCESSES = 2
TOGETHER = ["-m", "not browser and not slow", "-n", str(PROCESSES), "--dist", "worksteal"]
REPORT = ["--durations=12", "--durations-min=5"]
ALONE = ["-m", "browser or slow"]
# pytest says 5 when nothing was selected, which is right for a part that has no such test yet.
FINE = {0, 5}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sqlite", action="store_true", help="leave MariaDB out")
    options = parser.parse_args()
    # `kill` must end in the same clean-up as Ctrl-C, or a MariaDB server would stay behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    failed = [f"lint: {name}" for name in lint()]
    with tempfile.TemporaryDirectory(prefix="churnbuster-tests-") as folder:
        environment = test_environment(Path(folder))
        if not options.sqlite:
            failed += run_on_mariadb(environment)
        failed += run_pytest("SQLite, one at a time", ALONE, environment)
        failed += run_pytest("SQLite", TOGETHER, environment)
    if failed:
        print(f"\nFAILED: {'; '.join(failed)}", flush=True)
    return bool(failed)


def test_environment(folder):
    """Return what every pytest call sees: nothing of this installation, one numerical thread."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL", "DEBUG"}
    }
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return (
        environment
        | dict.fromkeys(threads, "1")
        | {
            "STATE_DIR": str(folder / "state"),
            "MEDIA_ROOT": str(folder / "media"),
        }
    )


def run_on_mariadb(environment):
    try:
        with private_mariadb() as url:
            on_mariadb = environment | {"DATABASE_URL": url}
            return run_pytest("MariaDB, one at a time", [*ALONE, "--database-only"], on_mariadb) + run_pytest(
                "MariaDB", [*TOGETHER, "--database-only"], on_mariadb
            )
    except MariaDBMissing as error:
        print(f"MariaDB: {error}", flush=True)
        return ["MariaDB is missing"] if os.environ.get("CI") == "true" else []


def run_pytest(name, options, environment):
    print(f"\n--- {name}", flush=True)
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *REPORT, *options], cwd=BASE_DIR, env=environment
    )
    try:
        returncode = process.wait()
    except BaseException:
        # Let pytest stop its browsers and workers itself; a killed pytest would leave them behind.
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
        process.kill()
        raise
    return [] if returncode in FINE else [f"{name} (after {time.monotonic() - started:.0f} s)"]


if __name__ == "__main__":
    sys.exit(main())
