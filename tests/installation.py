"""A real installation for tests: own folders, database, web server and worker, started as `make run` does."""

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ml.samples.dataset_a import dataset_a_csv, make_dataset_a

REPOSITORY = Path(__file__).resolve().parent.parent
# The walks ask for five models; how good those of the whole file are is asked in `training`.
ROWS = 2_000
LINK = re.compile(r"https?://\S+")


class Installation:
    """One running Churn Buster in `folder`: addresses, letters it sent, and the processes behind it."""

    def __init__(self, folder: Path, *, database_url: str, extra_env: dict | None = None):
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.mail = folder / "var" / "mail"
        self.processes: dict[str, subprocess.Popen] = {}
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "churnbuster.settings",
            "STATE_DIR": str(folder / "var"),
            "BROKER_DIR": str(folder / "var" / "broker"),
            "MAIL_DIR": str(self.mail),
            "UPLOAD_DIR": str(folder / "var" / "uploads"),
            "STATIC_ROOT": str(folder / "var" / "static"),
            "MEDIA_ROOT": str(folder / "media"),
            "DATABASE_URL": database_url,
            "PORT": str(self.port),
            "BASE_URL": self.url,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            **(extra_env or {}),
        }
        for name in ("var/mail", "media"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def manage(self, *arguments: str) -> str:
        """Run one management command to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def prepare(self) -> None:
        self.manage("migrate", "--no-input", "-v0")
        self.manage("createcachetable")
        self.manage("collectstatic", "--no-input", "-v0")
        original = self.folder / "DatasetA.csv"
        original.write_bytes(dataset_a_csv(make_dataset_a(rows=ROWS)))
        self.manage("seed_defaults", "--dataset", str(original))

    def start(self) -> None:
        self.start_web()
        self.start_worker()

    def start_web(self) -> None:
        self.start_process("web", [sys.executable, "-m", "scripts.serve"])
        self._await_answer()

    def start_worker(self) -> None:
        self.start_process(
            "worker",
            [sys.executable, "-m", "celery", "-A", "churnbuster", "worker", "--beat", "--concurrency", "1"],
        )

    def start_process(self, name: str, command: list[str]) -> None:
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=REPOSITORY, env=self.env, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """Kill process `name` and its children at once, as a lost machine would."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for name in list(self.processes):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.processes[name].wait(timeout=10)
            self.kill(name)

    def letters_to(self, address: str) -> list[str]:
        """Return the letters to `address`, oldest first, as the file mail backend wrote them."""
        files = sorted(self.mail.glob("*.log"), key=lambda path: (path.stat().st_mtime_ns, path.name))
        letters = [letter for path in files for letter in path.read_text().split("-" * 79)]
        return [letter for letter in letters if f"To: {address}" in letter]

    def link_for(self, address: str, containing: str) -> str:
        """Return the newest link to `address` that holds `containing`; letters may take a moment."""
        for _ in range(100):
            links = [link for letter in self.letters_to(address) for link in LINK.findall(letter)]
            fitting = [link for link in links if containing in link]
            if fitting:
                return fitting[-1]
            time.sleep(0.1)
        raise AssertionError(f"No letter to {address} with a link that holds {containing!r}: {links}")

    def _await_answer(self) -> None:
        """Wait until the server refuses a stranger, which is an answer."""
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.url}/api/v1/me", timeout=30)
            except urllib.error.HTTPError as refusal:
                if refusal.code == 401:
                    return
                break
            except OSError:
                pass  # it does not listen yet
            if self.processes["web"].poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError((self.folder / "web.log").read_text()[-4000:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def own_database(folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database of the kind this test run uses; a MariaDB one is dropped again."""
    given = os.environ.get("DATABASE_URL", "")
    if not given.startswith("mysql"):
        yield f"sqlite:///{folder / 'installation.sqlite3'}"
        return

    import MySQLdb  # there only where the tests for MariaDB are set up

    parts = urlsplit(given)
    name = f"installation_{secrets.token_hex(4)}"
    with contextlib.closing(
        MySQLdb.connect(
            host=parts.hostname, port=parts.port, user=parts.username, password=parts.password or ""
        )
    ) as server:
        server.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            server.cursor().execute(f"DROP DATABASE {name}")


@contextlib.contextmanager
def running_installation(folder: Path, **options) -> Iterator[Installation]:
    """Yield a prepared and running installation in `folder`; everything it started is stopped after."""
    with own_database(folder) as database_url:
        installation = Installation(folder, database_url=database_url, **options)
        installation.prepare()
        try:
            installation.start()
            yield installation
        finally:
            installation.stop()


@contextlib.contextmanager
def answering_programs(folder: Path) -> Iterator[Installation]:
    """Yield a web server without pages and models, with a `company` and a `key` of all scopes."""
    with own_database(folder) as database_url:
        installation = Installation(folder, database_url=database_url)
        installation.manage("migrate", "--no-input", "-v0")
        installation.manage("createcachetable")
        installation.company = re.search(r"company ID (\w+)", installation.manage("create_demo"))[1]
        installation.key = installation.manage(
            "create_api_key",
            "--company",
            installation.company,
            "--name",
            "Walk",
            "--scopes",
            "read,predict,train",
        ).split()[-1]
        try:
            installation.start_web()
            yield installation
        finally:
            installation.stop()
