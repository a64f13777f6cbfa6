import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import SyncToAsync, ThreadSensitiveContext, async_to_sync

from intake.body_limit import BodyLimit

MIB = 1024 * 1024


class Exchange:
    """One request to an application that stores its whole body, as Django does."""

    def __init__(self, pieces, *, path="/user/predict/", headers=()):
        self.scope = {"type": "http", "path": path, "headers": list(headers)}
        self.pieces = list(pieces)
        self.read = self.stored = 0
        self.sent = []

    def run(self):
        async_to_sync(BodyLimit(self.application))(self.scope, self.receive, self.send)
        return self

    async def application(self, scope, receive, send):
        while (message := await receive())["type"] == "http.request":
            self.stored += len(message["body"])
            if not message["more_body"]:
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"stored"})
                return

    async def receive(self):
        body = self.pieces.pop(0)
        self.read += len(body)
        return {"type": "http.request", "body": body, "more_body": bool(self.pieces)}

    async def send(self, message):
        self.sent.append(message)

    @property
    def status(self):
        return self.sent[0]["status"]


@pytest.fixture(autouse=True)
def two_megabytes(settings):
    settings.UPLOAD_MAX_MB = 2


def test_lets_through_what_fits():
    exchange = Exchange([b"x" * MIB, b"x" * MIB]).run()

    assert (exchange.status, exchange.stored) == (200, 2 * MIB)


def test_refuses_an_announced_body_without_reading_it():
    exchange = Exchange([b"x" * MIB] * 50, headers=[(b"content-length", str(50 * MIB).encode())]).run()

    assert (exchange.status, exchange.read) == (413, 0)


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"17")], [(b"content-length", b"lots")]])
def test_stops_reading_where_the_announcement_is_missing_or_a_lie(headers):
    exchange = Exchange([b"x" * MIB] * 50, headers=headers).run()

    assert exchange.status == 413
    assert exchange.read <= 4 * MIB
    assert len(exchange.sent) == 2


def test_answers_a_program_in_json():
    exchange = Exchange([], path="/api/v1/x", headers=[(b"content-length", b"99999999")]).run()

    assert json.loads(exchange.sent[1]["body"])["code"] == "too_large"


def test_answers_htmx_with_a_fragment():
    headers = [(b"content-length", b"99999999"), (b"hx-request", b"true")]

    assert Exchange([], headers=headers).run().sent[1]["body"].startswith(b'<div class="notice error"')


# --- Who sends it, and where to --------------------------------------------------------------------------


FILE, IMPORT = "/user/predict/", "/admin/registry/modelversion/import/"
JSON, FORM = "/api/v1/configure", "/user/login/"
OTHERS = "logged in and from programs with an API key"
# Who sends how many megabytes where, and what is said of that.
CASES = [
    ("user", FILE, 7, ""),
    ("user", FILE, 9, "larger than 8 MB, the most"),
    ("user", "/api/v1/prediction-runs", 7, ""),
    ("user", JSON, 19, ""),
    ("user", JSON, 21, "at most 20 MB are read"),
    ("user", FORM, 3, "at most 2 MB are read"),
    ("user", "/nowhere", 3, "at most 2 MB are read"),
    ("operator", IMPORT, 7, ""),
    *((who, path, 3, OTHERS) for who in ("nobody", "old session") for path in (FILE, JSON, IMPORT)),
    ("nobody", "/health", 3, "at most 2 MB are read"),
    ("nobody", FORM, 2, ""),
]


@pytest.mark.django_db(transaction=True)
def test_more_than_a_form_is_read_from_who_may_send_it_where_it_is_taken(as_user, as_operator, settings):
    settings.UPLOAD_MAX_MB = 8
    sessions = {"user": as_user, "operator": as_operator}
    cookies = {who: client.cookies["sessionid"].value for who, client in sessions.items()}
    cookies["old session"] = "x" * 32
    for who, path, megabytes, said in CASES:
        known = [(b"cookie", f"sessionid={cookies[who]}".encode())] if who in cookies else []
        length = (b"content-length", str(megabytes * MIB).encode())
        for headers in ([*known, length], known):
            exchange = Exchange([b"x" * MIB] * megabytes, path=path, headers=headers).run()

            assert exchange.status == (413 if said else 200), (who, path)
            assert said in exchange.sent[1]["body"].decode()
            assert not (said and length in headers and exchange.read)


@pytest.mark.django_db(transaction=True)
def test_the_next_request_of_a_connection_is_read_like_the_first(as_user, settings):
    settings.UPLOAD_MAX_MB = 8
    known = [(b"cookie", f"sessionid={as_user.cookies['sessionid'].value}".encode())]
    exchange = Exchange([b"x" * MIB] * 4, path=FILE, headers=known)

    async def after_another():
        before = ThreadSensitiveContext(executor=ThreadPoolExecutor(max_workers=1))
        async with before:
            pass
        # The reader of a connection keeps what was at hand when it was woken, by the request before.
        SyncToAsync.thread_sensitive_context.set(before)
        await BodyLimit(exchange.application)(exchange.scope, exchange.receive, exchange.send)

    asyncio.run(after_another())

    assert (exchange.status, exchange.stored) == (200, 4 * MIB)


@pytest.mark.django_db(transaction=True)
def test_a_key_that_opens_nothing_is_told_so_as_with_a_small_body(client, settings):
    settings.API_CALLS_PER_MINUTE = settings.API_CALLS_PER_MINUTE | {"wrong-keys": 2}
    path, secret = "/api/v1/prediction-runs", "Api-Key oldkey00.nothing"
    known, length = (b"authorization", secret.encode()), (b"content-length", str(3 * MIB).encode())
    for headers, status, named in [
        ([known, length], 401, "WWW-Authenticate"),
        ([known], 401, "WWW-Authenticate"),
        ([known, length], 429, "Retry-After"),
    ]:
        large = Exchange([b"x" * MIB] * 3, path=path, headers=headers).run()
        small = client.post(path, headers={"authorization": secret})  # from another address

        assert (large.status, small.status_code) == (status, status)
        assert json.loads(large.sent[1]["body"])["code"] == small.json()["code"]
        assert dict(large.sent[0]["headers"])[named.lower().encode()] and small.headers[named]

    # Pages know no keys.
    assert Exchange([b"x" * MIB] * 3, path=FILE, headers=[known, length]).run().status == 413
