"""The largest body a request may have, counted while it arrives.

Django under ASGI stores a whole body before any view sees it; what nobody accepts is refused before that. So
a file is read from whoever may send one, at an address that takes one, and from everybody else a form.
"""

import json
from dataclasses import dataclass
from importlib import import_module

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from django.http import parse_cookie
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.html import escape

from companies.call_limits import TooManyWrongKeys
from companies.identity import KEY_SCHEME, Credentials, KeyOpensNothing, identify
from core.answers import API
from core.api import exception_handler
from intake.limits import (
    MOST_JSON,
    TOO_LARGE,
    form_limit,
    request_limit,
    too_large,
    too_large_here,
    too_large_of_strangers,
)


class BodyLimit:
    """ASGI middleware that refuses a body as soon as it is larger than its sender may send it there."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        allowance = _Allowance(scope)
        if refusal := await allowance.refuses(_announced(scope)):
            await _refuse(scope, send, refusal)
            return

        received, refusal = 0, None

        async def count():
            nonlocal received, refusal
            message = await receive()
            received += len(message.get("body", b""))
            if refusal := await allowance.refuses(received):
                # Django then lets go of what it stored and answers nothing.
                return {"type": "http.disconnect"}
            return message

        async def answer(message):
            if not refusal:
                await send(message)

        await self.app(scope, count, answer)
        if refusal:
            await _refuse(scope, send, refusal)


@dataclass(frozen=True)
class _Refusal:
    """What is answered instead of reading on: the words, and for programs all that a view would say."""

    message: str
    status: int = 413
    code: str = TOO_LARGE
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def as_dict(self):
        # Whoever knows the kinds of bad tables finds this one among them.
        kind = {"kind": TOO_LARGE} if self.code == TOO_LARGE else {}
        return {"code": self.code, "message": self.message, **kind}


class _Allowance:
    """How much of one request is read. Who sends it is asked once, and only where it is more than a form."""

    def __init__(self, scope):
        self._scope = scope
        self._most, self._refusal = form_limit(), None

    async def refuses(self, size: int) -> _Refusal | None:
        """Return what to say of a body of `size` bytes; nothing where it may be read on."""
        if size > self._most and self._refusal is None:
            # On a connection that stays, the thread at hand is that of the request before, which is over.
            self._most, self._refusal = await sync_to_async(_ask, thread_sensitive=False)(self._scope)
        return self._refusal if size > self._most else None


def _ask(scope):
    try:
        return _allowed(scope)
    finally:
        # What this thread does next has another use for the database, if any.
        connections.close_all()


def _allowed(scope) -> tuple[int, _Refusal]:
    if _takes_file(scope["path"]):
        most, sentence = request_limit(), too_large()
    elif scope["path"].startswith(API):
        most, sentence = MOST_JSON, too_large_here(MOST_JSON)
    else:
        return form_limit(), _Refusal(too_large_here(form_limit()))
    try:
        if _is_known(scope):
            return most, _Refusal(sentence)
    except (KeyOpensNothing, TooManyWrongKeys) as error:
        # Pages know no keys: there it is a stranger like any other.
        if scope["path"].startswith(API):
            return form_limit(), _of_key(error)
    return form_limit(), _Refusal(too_large_of_strangers())


def _of_key(error):
    """Say of the key what the view would have said, had the body been small."""
    answer = exception_handler(error, {})
    if wait := answer.headers.get("Retry-After"):
        header = (b"retry-after", wait.encode())
    else:
        header = (b"www-authenticate", KEY_SCHEME.encode())
    return _Refusal(**answer.data, status=answer.status_code, headers=(header,))


def _takes_file(path):
    try:
        match = resolve(path)
    except Resolver404:
        return False
    # Of the admin, each list may have an action with a file.
    view = getattr(match.func, "cls", match.func)
    return "admin" in match.app_names or getattr(view, "takes_upload", False)


def _is_known(scope):
    """Tell whether a member or an operator sends it; where nobody can be asked, whoever answers says so.

    Raises
    ------
    KeyOpensNothing, TooManyWrongKeys
        It brings a key that is none, or came after too many such.
    """
    sent = {name: value.decode("latin-1") for name, value in scope["headers"]}
    session = parse_cookie(sent.get(b"cookie", "")).get(settings.SESSION_COOKIE_NAME)
    if not session and b"authorization" not in sent:
        return False
    store = import_module(settings.SESSION_ENGINE).SessionStore
    close_old_connections()
    try:
        credentials = Credentials.of_scope(scope | {"session": store(session) if session else None})
        caller = identify(credentials, at=timezone.now())
    except DatabaseError:
        return True
    return bool(caller.member or (caller.account and caller.account.is_staff))


def _announced(scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


async def _refuse(scope, send, refusal):
    if scope["path"].startswith(API):
        kind, body = b"application/json", json.dumps(refusal.as_dict())
    else:
        kind = b"text/html; charset=utf-8"
        body = f'<div class="notice error" role="alert">{escape(refusal.message)}</div>'
        if (b"hx-request", b"true") not in scope["headers"]:
            body = f'<!doctype html><html lang="en"><title>Too large</title>{body}'
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body.encode())).encode()),
        (b"x-content-type-options", b"nosniff"),
        # The rest of the body is not read, so nothing else can follow on this connection.
        (b"connection", b"close"),
        *refusal.headers,
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
