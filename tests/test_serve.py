"""How the server is started: what a header says of a visitor counts where an operator named the proxy."""

import asyncio

import pytest
import uvicorn

from scripts.serve import server_options


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
