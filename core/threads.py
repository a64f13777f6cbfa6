"""Requests are answered in threads that stay, and their connections to the database with them.

Django under ASGI starts a thread for each request, and ends it with it. A new thread has no connection, and a
new connection reads the whole schema first: a quarter of what a page takes. And threads that all compute take
Python from one another: fifty pages made at once cost twice as much as a few after the other.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import ThreadSensitiveContext
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from django.urls import reverse

# So many wait for the next request; what more there are at a busy moment end after it.
MOST_IDLE = 16
# So many read requests compute at the same time in one process; the next ones wait for their turn.
AT_A_TIME = 2
# Whoever takes longer waits for something else, a disk or a database, and is not counted any more.
LONGEST_TURN_SECONDS = 0.1

# With one of these a request announces a body.
BODY = (b"content-length", b"transfer-encoding")


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


class Turn:
    """The turn of one request: over with its answer's first line, or after `LONGEST_TURN_SECONDS`."""

    def __init__(self, turns: asyncio.Semaphore):
        self._turns = turns
        self._is_over = False
        self._clock = asyncio.get_running_loop().call_later(LONGEST_TURN_SECONDS, self.end)

    def end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._clock.cancel()
            self._turns.release()


def _waits_for_a_turn(scope):
    if scope["method"] not in ("GET", "HEAD"):
        return False
    # What is sent arrives as slowly as it likes, and with GET, too: nobody waits for that.
    if any(name in BODY and value != b"0" for name, value in scope["headers"]):
        return False
    # Whoever asks whether we still answer wants to know it before all others had their turn.
    return scope["path"] != reverse("health")


class Handler(ASGIHandler):
    """Django's handler, with threads that stay, and few that read at the same time."""

    def __init__(self):
        super().__init__()
        self._threads = Threads()
        self._turns = asyncio.Semaphore(AT_A_TIME)

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(f"Only HTTP is served, not {scope['type']}.")
        if _waits_for_a_turn(scope):
            await self._read(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _read(self, scope, receive, send):
        await self._turns.acquire()
        turn = Turn(self._turns)

        async def send_and_end(message):
            turn.end()
            await send(message)

        try:
            await self._answer(scope, receive, send_and_end)
        finally:
            turn.end()

    async def _answer(self, scope, receive, send):
        thread = self._threads.take()
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self.handle(scope, receive, send)
        finally:
            self._threads.give_back(thread)
