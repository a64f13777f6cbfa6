"""Requests are answered in threads that stay, and their connections to the database with them.

Django under ASGI starts a thread for each request, and ends it with it. A new thread has no connection, and a
new connection reads the whole schema first: a quarter of what a page takes.
"""

from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import ThreadSensitiveContext
from django.core.handlers.asgi import ASGIHandler
from django.db import connections

# So many wait for the next request; what more there are at a busy moment end after it.
MOST_IDLE = 16


class Threads:
    """Threads that wait for work, each with whatever it keeps; the one that worked last works next."""

    def __init__(self):
        self._idle = []

    def take(self) -> ThreadPoolExecutor:
        try:
            return self._idle.pop()
        except IndexError:
            return ThreadPoolExecutor(max_workers=1, thread_name_prefix="request")

    def give_back(self, thread: ThreadPoolExecutor) -> None:
        # In the thread itself: whoever went away before the answer left a view behind that still runs.
        thread.submit(self._rest, thread)

    def _rest(self, thread):
        if len(self._idle) < MOST_IDLE:
            self._idle.append(thread)
        else:
            connections.close_all()
            thread.shutdown(wait=False)


class Handler(ASGIHandler):
    """Django's handler, with threads that stay."""

    def __init__(self):
        super().__init__()
        self._threads = Threads()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(f"Only HTTP is served, not {scope['type']}.")
        thread = self._threads.take()
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self.handle(scope, receive, send)
        finally:
            self._threads.give_back(thread)
