"""Lint, then every test: on SQLite everything, on MariaDB what could end otherwise there.

Three calls of pytest, side by side. Tests that drive a browser, kill processes or measure memory (`browser`,
`slow`) start several processes each and run one after the other. They wait more than they work: what MariaDB
gets, and the rest, shared between two processes on SQLite, take the time that they leave. Of the rest, the
last line of the output is the one that people look for.

    python -m scripts.run_tests             what `make test` runs
    python -m scripts.run_tests --sqlite    without MariaDB
    python -m scripts.run_tests --prove     the long proofs, which are no part of the above (`make prove`)
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
REPORT = ["--durations=12", "--durations-min=5"]
ALONE = ["-m", "browser or slow"]
TOGETHER = ["-m", "not browser and not slow", "-n", str(PROCESSES), "--dist", "worksteal"]
ON_MARIADB = ["--database-only"]
# What runs beside those that wait for something within a time stands behind them.
BEHIND = ["nice", "-n", "5"]
# pytest says 5 when nothing was selected, which is right for a part that has no such test yet.
FINE = {0, 5}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sqlite", action="store_true", help="leave MariaDB out")
    parser.add_argument("--prove", action="store_true", help="run the long proofs instead of the tests")
    options = parser.parse_args()
    # `kill` must end in the same clean-up as Ctrl-C, or a MariaDB server would stay behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    with tempfile.TemporaryDirectory(prefix="churnbuster-tests-") as folder:
        environment = test_environment(Path(folder))
        failed = prove(environment) if options.prove else run_all(environment, mariadb=not options.sqlite)
    if failed:
        print(f"\nFAILED: {'; '.join(failed)}", flush=True)
    return bool(failed)


def run_all(environment, *, mariadb):
    failed = [f"lint: {name}" for name in lint()]
    calls = {
        "SQLite, one at a time": (ALONE, environment),
        "SQLite": (TOGETHER, environment | own_folders(environment, "together")),
    }
    return failed + (run_beside_mariadb(ON_MARIADB, environment, calls) if mariadb else run_pytests(calls))


def prove(environment):
    """Run the proofs, one after the other on each database: several of them fill both cores by themselves."""
    return run_beside_mariadb(["--prove", *ON_MARIADB], environment, {}) + run_pytests(
        {"SQLite": (["--prove"], environment)}
    )


def test_environment(folder):
    """Return what every pytest call sees: nothing of this installation, one numerical thread."""
    # Hundreds of processes start: what one compiled is there for the others.
    left_out = {"DATABASE_URL", "REDIS_URL", "DEBUG", "PYTHONDONTWRITEBYTECODE"}
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return (
        environment
        | dict.fromkeys(threads, "1")
        | {
            "STATE_DIR": str(folder / "state"),
            "MEDIA_ROOT": str(folder / "media"),
            # What one call of pytest trained, the next one finds here (`made_once` in conftest.py).
            "TEST_RUN_DIR": str(folder),
        }
    )


def run_beside_mariadb(options, environment, others):
    """Run pytest with `options` on a MariaDB of its own, and the calls of `others` beside it."""
    try:
        with private_mariadb() as url:
            on_mariadb = environment | {"DATABASE_URL": url} | own_folders(environment, "mariadb")
            return run_pytests({"MariaDB": (options, on_mariadb), **others})
    except MariaDBMissing as error:
        print(f"MariaDB: {error}", flush=True)
        failed = ["MariaDB is missing"] if os.environ.get("CI") == "true" else []
        return failed + run_pytests(others)


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
    if options != ALONE:
        command = [*BEHIND, *command]
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
