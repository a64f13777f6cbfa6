"""A MariaDB server for one test run: its own folder, socket and port, nothing synced, gone afterwards."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

START_SECONDS = 60
INSTALL_OPTIONS = [
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
    "--skip-name-resolve",
    # Some containers cannot look up their own name, which the tests do not need.
    "--force",
]
SERVER_OPTIONS = [
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--max-connections=200",
    "--innodb-buffer-pool-size=256M",
    # The data lives for minutes: no fsync, no doublewrite, no binary log.
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-doublewrite=0",
    "--sync-binlog=0",
    "--skip-log-bin",
]


class MariaDBMissing(RuntimeError):
    """The server's programs are not installed."""


def find_program(name):
    # Debian keeps servers in sbin, which an ordinary account has not on its path.
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def private_mariadb():
    """Yield the DATABASE_URL of a fresh server on 127.0.0.1; stop it and remove its files at the end."""
    server, install = find_program("mariadbd"), find_program("mariadb-install-db")
    if not server or not install:
        raise MariaDBMissing("mariadbd is not installed: apt-get install -y mariadb-server-core")

    with tempfile.TemporaryDirectory(prefix="churnbuster-mariadb-") as folder:
        home = Path(folder)
        data, log = home / "data", home / "server.log"
        # mariadbd refuses to run as root unless told so in as many words.
        as_root = ["--user=root"] if os.getuid() == 0 else []
        installed = subprocess.run(
            [install, "--no-defaults", f"--datadir={data}", *INSTALL_OPTIONS, *as_root],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if installed.returncode:
            raise RuntimeError(f"MariaDB could not be set up:\n{installed.stdout}")
        port = _free_port()
        place = [f"--datadir={data}", f"--socket={home / 'socket'}", f"--pid-file={home / 'pid'}"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [server, "--no-defaults", *place, f"--port={port}", *SERVER_OPTIONS, *as_root],
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the tests; the server is stopped below, after they closed their connections.
                start_new_session=True,
            )
        try:
            _wait_until_ready(process, port, log)
            yield f"mysql://root@127.0.0.1:{port}/churnbuster"
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(process, port, log):
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"MariaDB did not start:\n{log.read_text(errors='replace')[-4000:]}")
