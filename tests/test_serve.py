"""How the server is started: what a header says of a visitor counts where an operator named the proxy."""

import asyncio
import subprocess
import sys
import time

import psutil
import pytest
import uvicorn

from scripts.serve import server_options
from tests.installation import Installation
from tests.places import REPOSITORY


def address_seen(peer):
    """Return where a visitor comes from as the application sees it, who calls from `peer` with a header."""
    seen = []

    async def application(scope, receive, send):
        seen.append(scope["client"][0])

    config = uvicorn.Config(application, **server_options())
    config.load()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "client": (peer, 40_000),
        "scheme": "http",
        "headers": [(b"x-forwarded-for", b"198.51.100.1")],
    }
    asyncio.run(config.loaded_app(scope, None, None))
    return seen[0]


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "192.0.2.7"])
def test_nobody_is_believed_by_itself(peer):
    assert address_seen(peer) == peer


def test_a_proxy_is_believed_that_the_operator_named(settings):
    settings.FORWARDED_ALLOW_IPS = "192.0.2.0/24"

    assert address_seen("192.0.2.7") == "198.51.100.1"
    assert address_seen("203.0.113.9") == "203.0.113.9"


@pytest.mark.slow
def test_no_process_keeps_the_port_after_the_first_one_was_killed(tmp_path):
    installation = Installation(tmp_path, database_url=f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    first = subprocess.Popen(
        [sys.executable, "-m", "scripts.serve"],
        cwd=REPOSITORY,
        env=installation.env | {"WEB_PROCESSES": "2"},
        start_new_session=True,
    )
    others = []
    until = time.monotonic() + 60
    while len(others) < 2 and time.monotonic() < until:
        found = psutil.Process(first.pid).children()
        others = [each for each in found if "spawn_main" in " ".join(each.cmdline())]
        time.sleep(0.2)
    # Both have read what they run, and hear of an end from then on.
    time.sleep(3)

    first.kill()
    first.wait()

    assert len(others) == 2
    assert psutil.wait_procs(others, timeout=20)[1] == []
