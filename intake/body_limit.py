"""The largest body a request may have, counted while it arrives.

Django under ASGI stores a whole body before any view sees it; what nobody accepts is refused before that.
"""

import json

from django.utils.html import escape

from intake.limits import TOO_LARGE, request_limit, too_large


class BodyLimit:
    """ASGI middleware that answers 413 as soon as a body is larger than the largest upload."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = request_limit()
        if _announced(scope) > limit:
            await _refuse(scope, send)
            return

        received, is_too_large = 0, False

        async def count():
            nonlocal received, is_too_large
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                is_too_large = True
                # Django then lets go of what it stored and answers nothing.
                return {"type": "http.disconnect"}
            return message

        async def answer(message):
            if not is_too_large:
                await send(message)

        await self.app(scope, count, answer)
        if is_too_large:
            await _refuse(scope, send)


def _announced(scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


async def _refuse(scope, send):
    sentence = too_large()
    if scope["path"].startswith("/api/"):
        kind, body = (
            b"application/json",
            json.dumps({"code": TOO_LARGE, "message": sentence, "kind": TOO_LARGE}),
        )
    else:
        kind = b"text/html; charset=utf-8"
        body = f'<div class="notice error" role="alert">{escape(sentence)}</div>'
        if (b"hx-request", b"true") not in scope["headers"]:
            body = f'<!doctype html><html lang="en"><title>Too large</title>{body}'
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body.encode())).encode()),
        (b"x-content-type-options", b"nosniff"),
        # The rest of the body is not read, so nothing else can follow on this connection.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
