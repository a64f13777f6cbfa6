"""What no two pages may share, though all else on them is alike: the token of a form that is sent once."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_noted: ContextVar[list[str] | None] = ContextVar("fresh", default=None)


def fresh_token() -> str:
    """Return a token that was never given out; whoever keeps the page finds it with `note_tokens`."""
    token = str(uuid.uuid4())
    noted = _noted.get()
    if noted is not None:
        noted.append(token)
    return token


@contextmanager
def note_tokens() -> Iterator[list[str]]:
    """Give the list of the tokens that are given out within."""
    noted = []
    before = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(before)
