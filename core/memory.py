"""What a page asks several times is looked up once."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps

_memory: ContextVar[dict | None] = ContextVar("memory", default=None)


def once_per_page(ask: Callable) -> Callable:
    """Let `ask` be answered once while a page is made, for equal arguments.

    Only requests that read have such a memory: whoever changes something, a job or a command asks anew each
    time. What is returned is shared, so it is a value or a row, never a queryset.
    """

    @wraps(ask)
    def asked(*about):
        memory = _memory.get()
        if memory is None:
            return ask(*about)
        key = (ask, *about)
        if key not in memory:
            memory[key] = ask(*about)
        return memory[key]

    return asked


class MemoryMiddleware:
    """Give each request that reads a memory of its own."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        token = _memory.set({})
        try:
            return self.get_response(request)
        finally:
            _memory.reset(token)
