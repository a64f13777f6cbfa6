"""Half a request holds nothing for longer than the server is patient; a slow one that comes on is served."""

import socket
import threading
import time

import pytest
import uvicorn

from churnbuster.slow_requests import PatientProtocol
from scripts.serve import server_options

PATIENCE = 0.6


class Hasty(PatientProtocol):
    patience = PATIENCE
    least_bytes = 10


async def count_body(scope, receive, send):
    """Answer how many bytes came; as Django does, it reads all of a body first."""
    arrived, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        arrived += len(message["body"])
        more = message["more_body"]
    body = str(arrived).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def port():
    server = uvicorn.Server(
        uvicorn.Config(count_body, **server_options() | {"http": Hasty, "host": "127.0.0.1", "port": 0})
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture
def line(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10 * PATIENCE) as opened:
        yield opened


def all_of(line):
    """Return what the server says until it closes the connection."""
    said = b""
    while piece := line.recv(4096):
        said += piece
    return said


def answer(line):
    """Return the one answer that comes next, which ends with how many bytes came."""
    said = b""
    while not said or said.endswith(b"\r\n\r\n"):
        said += line.recv(4096)
    return said


def post(length):
    return b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % length


@pytest.mark.parametrize(
    "half",
    [b"", b"GET / HTTP/1.1\r\nHost: loc", post(100), post(100) + b"12345"],
    ids=["nothing", "half a head", "no body", "half a body"],
)
def test_half_a_request_ends(line, half):
    line.sendall(half)

    began = time.monotonic()
    said = all_of(line)

    assert said.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 3 * PATIENCE


def test_half_a_second_request_ends_too(line):
    line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer(line).endswith(b"\r\n\r\n0")

    line.sendall(b"GET / HTTP/1.1\r\nHost: loc")

    assert all_of(line).startswith(b"HTTP/1.1 408 ")


def test_a_head_that_drips_ends_too(line):
    line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
    began = time.monotonic()
    with pytest.raises(OSError):
        while time.monotonic() - began < 8 * PATIENCE:
            line.sendall(b"X-Slow: 1\r\n")
            time.sleep(PATIENCE / 6)

    assert time.monotonic() - began < 3 * PATIENCE


def test_a_body_that_comes_on_may_take_as_long_as_it_takes(line):
    line.sendall(post(200))
    for _ in range(10):
        line.sendall(b"a" * 20)
        time.sleep(PATIENCE / 3)

    assert answer(line).endswith(b"\r\n\r\n200")


def test_who_keeps_a_connection_open_is_served_again(line):
    for _ in range(2):
        line.sendall(post(5) + b"12345")
        assert answer(line).endswith(b"\r\n\r\n5")
        time.sleep(2 * PATIENCE)


def test_who_wants_a_web_socket_gets_an_answer_of_http(line):
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    line.sendall(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: bm9ib2R5IGxpc3RlbnMhIQ==\r\n" + upgrade + b"\r\n"
    )

    assert answer(line).startswith(b"HTTP/1.1 200 ")


def test_the_server_waits_half_a_minute_and_no_longer():
    assert PatientProtocol.patience == 30
    # 100 MB in half a day at the slowest: 1 KB at a time would take a month.
    assert 100 * 2**20 / PatientProtocol.least_bytes * PatientProtocol.patience < 13.5 * 3600
    assert server_options()["http"] == "churnbuster.slow_requests:PatientProtocol"
