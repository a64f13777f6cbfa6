"""`make run`, as somebody would type it, in folders of its own."""

import os
import pty
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import psutil
import pytest

from scripts.prepare import close_environment
from tests.places import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FIRST_START_SECONDS = 600
SECOND_START_SECONDS = 30
# How long is waited for what is not measured.
PATIENCE_SECONDS = 150
# That the five that are shipped can be trained is asked in `training/tests/test_seeding.py`.
QUICK = "decision_tree,logistic_regression"
# What each process has among its words.
PARTS = {"web": "scripts.serve", "worker": "worker", "clock": "beat"}


class Started:
    """One `make run`: what it prints, its address, and every process under it."""

    def __init__(self, state, port):
        self.url = f"http://localhost:{port}"
        self.output = state / "output"
        state.mkdir(exist_ok=True)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                ["make", "run"],
                cwd=REPOSITORY,
                env=environment(state, port),
                stdout=output,
                stderr=subprocess.STDOUT,
                # As a terminal does it: one process group, which Ctrl-C is sent to.
                start_new_session=True,
            )

    def wait_until_healthy(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert self.process.poll() is None, self.told()
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                pass
            time.sleep(0.3)
        self.stop()  # nobody else will
        raise AssertionError(f"not healthy after {seconds} s:\n{self.told()}")

    def told(self):
        return self.output.read_text(errors="replace")

    def processes(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def kept(self):
        """Return the processes that are kept running, by what they do."""
        [keeper] = psutil.Process(self.process.pid).children()
        found = {what: child for child in keeper.children() for what in PARTS if PARTS[what] in _words(child)}
        return found if set(found) == set(PARTS) else {}

    def wait_until_kept(self, *, without=()):
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            kept = self.kept()
            if kept and not {process.pid for process in kept.values()} & set(without):
                return kept
            time.sleep(0.2)
        raise AssertionError(f"not all of them run:\n{self.told()}")

    def stop(self, order=signal.SIGINT):
        """Stop it as Ctrl-C does, and return what is still there afterwards."""
        processes = self.processes()
        os.killpg(self.process.pid, order)
        self.process.wait(timeout=30)
        _, alive = psutil.wait_procs(processes, timeout=5)
        return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def environment(state, port):
    given = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    folders = {
        "STATE_DIR": state,
        "MEDIA_ROOT": state / "media",
        "MAIL_DIR": state / "mail",
        "BROKER_DIR": state / "broker",
        "UPLOAD_DIR": state / "uploads",
        "STATIC_ROOT": state / "static",
    }
    return (
        given
        | {name: str(path) for name, path in folders.items()}
        | {"PORT": str(port), "DEFAULT_MODEL_TYPES": QUICK}
    )


def shown_by(state, port, *command):
    """Return what a command prints to a terminal."""
    ours, its = pty.openpty()
    subprocess.run(command, cwd=REPOSITORY, env=environment(state, port), stdout=its, check=True)
    os.close(its)
    with open(ours, "rb", buffering=0) as terminal:
        return terminal.read(65_536).decode().replace("\r\n", "\n")


def _words(process):
    try:
        return [part.rsplit("/")[-1] for part in process.cmdline()]
    except psutil.NoSuchProcess:
        return []


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """Start on empty folders once; what it seeded is used by every test of this module."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    state = tmp_path_factory.mktemp("make-run") / "state"
    started = Started(state, port)
    started.wait_until_healthy(FIRST_START_SECONDS)
    told = started.told()
    left_over = started.stop()
    return state, port, told, left_over


def accounts(told):
    """Return (role, address of the login, e-mail, password) of each account that was printed."""
    return re.findall(r"^ +(\w+) +(http\S+) +(\S+@\S+) +(\S{12,})$", told, re.MULTILINE)


def test_the_first_start_says_where_it_is_and_where_it_stands_how_to_log_in(installation):
    _, port, told, _ = installation

    assert f"Churn Buster starts on http://localhost:{port}" in told
    assert "demo_accounts.txt; `make demo` shows it in a terminal." in told


def test_a_log_of_the_first_start_holds_no_password(installation):
    state, _, told, _ = installation

    assert accounts(told) == []
    kept = accounts((state / "demo_accounts.txt").read_text())
    assert len({password for *_, password in kept}) == 4
    assert not any(password in told for *_, password in kept)


def test_settings_in_a_file_are_closed_to_others_and_that_is_said(tmp_path):
    file = tmp_path / ".env"
    file.write_text("SECRET_KEY=not-for-others\n")
    file.chmod(0o644)

    told = [close_environment(file), close_environment(file), close_environment(tmp_path / "none")]

    assert "Now only its owner can." in told[0] and told[1:] == ["", ""]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_terminal_is_shown_how_to_log_in(installation):
    state, port, *_ = installation

    shown = accounts(shown_by(state, port, "make", "demo"))

    assert [role for role, *_ in shown] == ["developer", "user", "user", "operator"]
    assert shown == accounts((state / "demo_accounts.txt").read_text())


def test_a_start_after_the_first_shows_no_password_even_to_a_terminal(installation):
    state, port, *_ = installation

    shown = shown_by(state, port, ".venv/bin/python", "-m", "scripts.prepare")

    assert f"Churn Buster starts on http://localhost:{port}" in shown
    assert accounts(shown) == []


def test_ctrl_c_leaves_no_process(installation):
    *_, left_over = installation

    assert left_over == []


def test_the_second_start_takes_seconds_and_keeps_the_accounts(installation):
    state, port, *_ = installation
    before = (state / "demo_accounts.txt").read_text()
    began = time.monotonic()

    started = Started(state, port)
    started.wait_until_healthy(SECOND_START_SECONDS)

    took = time.monotonic() - began
    assert started.stop(signal.SIGTERM) == []
    assert took < SECOND_START_SECONDS
    assert (state / "demo_accounts.txt").read_text() == before


def test_each_killed_process_is_started_again_and_the_others_go_on(installation):
    state, port, *_ = installation
    started = Started(state, port)
    started.wait_until_healthy(PATIENCE_SECONDS)
    try:
        for what in PARTS:
            before = started.wait_until_kept()
            before[what].kill()

            after = started.wait_until_kept(without=[before[what].pid])

            assert {other: after[other].pid for other in PARTS if other != what} == {
                other: before[other].pid for other in PARTS if other != what
            }
            started.wait_until_healthy(PATIENCE_SECONDS)
            assert f"{what} ended by SIGKILL; starting it again in" in started.told()
    finally:
        left_over = started.stop()
    assert left_over == []


def test_a_port_that_is_taken_is_said_before_anything_starts(installation):
    state, port, *_ = installation
    with socket.create_server(("127.0.0.1", port)):
        started = Started(state, port)
        assert started.process.wait(timeout=PATIENCE_SECONDS) != 0

    assert f"Another program listens on port {port} already" in started.told()
    assert "Traceback" not in started.told()


def test_nothing_that_is_secret_can_be_read_by_others(installation):
    state, *_ = installation

    # Made by the test itself, which `make run` leaves as it finds it.
    written = [path for path in state.rglob("*") if path != state / "output"]

    assert {"secret_key", "demo_accounts.txt", "churnbuster.sqlite3"} <= {path.name for path in written}
    assert [path for path in written if path.stat().st_mode & 0o077] == []
