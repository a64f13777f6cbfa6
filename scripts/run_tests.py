"""Lint, then every test: on MariaDB what touches the database, on SQLite everything.

Four calls of pytest. Tests that drive a browser, kill processes or measure memory (`browser`, `slow`) start
several processes each and run one after the other: those of MariaDB on one core, those of SQLite on the
other. The rest is shared between two processes, first on MariaDB, then on SQLite, where the last line of the
output is the one that people look for.

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
        else:
            failed += run_pytests({"SQLite, one at a time": (ALONE, environment)})
        failed += run_pytests({"SQLite": (TOGETHER, environment)})
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
    """Run the part of MariaDB, and beside its processes-and-browsers half the one of SQLite."""
    alone_on_sqlite = {"SQLite, one at a time": (ALONE, environment)}
    try:
        with private_mariadb() as url:
            on_mariadb = environment | {"DATABASE_URL": url} | own_folders(environment, "mariadb")
            alone_on_mariadb = {"MariaDB, one at a time": ([*ALONE, "--database-only"], on_mariadb)}
            return run_pytests(alone_on_mariadb | alone_on_sqlite) + run_pytests(
                {"MariaDB": ([*TOGETHER, "--database-only"], on_mariadb)}
            )
    except MariaDBMissing as error:
        print(f"MariaDB: {error}", flush=True)
        failed = ["MariaDB is missing"] if os.environ.get("CI") == "true" else []
        return failed + run_pytests(alone_on_sqlite)


def own_folders(environment, name):
    """Return where a run keeps its files while another one runs beside it."""
    return {folder: f"{environment[folder]}-{name}" for folder in ("STATE_DIR", "MEDIA_ROOT")}


def run_pytests(calls):
    """Run calls of pytest side by side; print the first as it comes, the others whole when it is done."""
    with contextlib.ExitStack() as stack:
        running = []
        for name, (options, environment) in calls.items():
            output = stack.enter_context(tempfile.TemporaryFile("w+")) if running else None
            process = start_pytest(options, environment, output)
            stack.callback(stop, process)
            running.append((name, process, output))
        return [failure for call in running for failure in wait_for(*call)]


def start_pytest(options, environment, output):
    # Without its cache, one folder in the checkout that two runs would write at once.
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *REPORT, *options]
    return subprocess.Popen(command, cwd=BASE_DIR, env=environment, stdout=output, stderr=output)


def wait_for(name, process, output):
    print(f"\n--- {name}", flush=True)
    returncode = process.wait()
    if output:
        output.seek(0)
        print(output.read(), flush=True)
    return [] if returncode in FINE else [name]


def stop(process):
    """Let pytest stop its browsers and workers itself; a killed pytest would leave them behind."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
        process.kill()


if __name__ == "__main__":
    sys.exit(main())
