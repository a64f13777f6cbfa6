"""Requests share threads that stay, and a thread that is still at work is given to nobody else."""

import asyncio
import threading
import time

import pytest
from django.urls import reverse

from core.threads import AT_A_TIME, LONGEST_TURN_SECONDS, MOST_IDLE, Handler, Threads


def ask(thread, what):
    return thread.submit(what).result(timeout=10)


def wait_for(condition):
    until = time.monotonic() + 10
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_one_request_after_the_other_is_answered_in_the_same_thread():
    threads = Threads()
    first = threads.take()
    name = ask(first, threading.get_ident)

    threads.give_back(first)

    assert wait_for(lambda: threads._idle)
    assert ask(threads.take(), threading.get_ident) == name


def test_requests_at_once_have_a_thread_each():
    threads = Threads()

    taken = [threads.take() for _ in range(5)]

    assert len({ask(thread, threading.get_ident) for thread in taken}) == 5


def test_a_thread_whose_caller_went_away_is_given_back_when_its_view_is_done():
    threads, done = Threads(), threading.Event()
    busy = threads.take()
    busy.submit(done.wait, 10)

    threads.give_back(busy)

    assert threads.take() is not busy
    done.set()
    assert wait_for(lambda: threads._idle == [busy])


def test_after_a_busy_moment_the_threads_too_many_end():
    threads = Threads()
    taken = [threads.take() for _ in range(MOST_IDLE + 5)]
    running = [ask(thread, threading.current_thread) for thread in taken]

    for thread in taken:
        threads.give_back(thread)

    assert wait_for(lambda: sum(thread.is_alive() for thread in running) == MOST_IDLE)


class Counted(Handler):
    """A handler that takes as long as it is told, and counts how many requests it had at once."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds, self.now, self.most = seconds, 0, 0

    async def handle(self, scope, receive, send):
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.seconds)
        self.now -= 1
        await send({"type": "http.response.start"})
        await asyncio.sleep(scope.get("streams", 0))


async def _ask_all(handler, requests):
    async def send(message):
        pass

    await asyncio.wait_for(asyncio.gather(*(handler(each, None, send) for each in requests)), timeout=20)


def request(method="GET", *, path="/", headers=(), **more):
    return {"type": "http", "method": method, "path": path, "headers": headers, **more}


def test_few_pages_are_made_at_the_same_time():
    handler = Counted(seconds=0.01)

    asyncio.run(_ask_all(handler, [request()] * 40))

    assert handler.most == AT_A_TIME


def test_a_page_that_waits_for_something_holds_nobody_up_for_long():
    handler = Counted(seconds=LONGEST_TURN_SECONDS + 0.5)

    asyncio.run(_ask_all(handler, [request()] * (AT_A_TIME + 1)))

    assert handler.most == AT_A_TIME + 1


@pytest.mark.parametrize(
    "sent",
    [
        request("POST"),
        # Half a body, announced to a page that is only read.
        request(headers=[(b"content-length", b"10")]),
        request("HEAD", headers=[(b"transfer-encoding", b"chunked")]),
    ],
    ids=["post", "get", "head"],
)
def test_what_people_send_holds_nobody_up(sent):
    handler = Counted(seconds=0.05)

    asyncio.run(_ask_all(handler, [sent] * 40))

    assert handler.most == 40


def test_an_empty_body_is_none():
    handler = Counted(seconds=0.01)

    asyncio.run(_ask_all(handler, [request(headers=[(b"content-length", b"0")])] * 10))

    assert handler.most == AT_A_TIME


def test_whether_we_answer_is_said_while_others_wait(monkeypatch):
    monkeypatch.setattr("core.threads.LONGEST_TURN_SECONDS", 100)
    handler = Counted(seconds=0.3)

    async def ask():
        waiting = asyncio.create_task(_ask_all(handler, [request()] * 10))
        await asyncio.sleep(0.05)
        await _ask_all(handler, [request(path=reverse("health"))])
        return waiting.cancel()

    assert asyncio.run(ask())
    assert handler.most == AT_A_TIME + 1


def test_a_download_gives_its_turn_back_with_its_first_line(monkeypatch):
    monkeypatch.setattr("core.threads.LONGEST_TURN_SECONDS", 100)
    handler = Counted(seconds=0)

    async def ask():
        await _ask_all(handler, [request()])
        downloads = [asyncio.create_task(_ask_all(handler, [request(streams=100)])) for _ in range(AT_A_TIME)]
        await asyncio.sleep(0.1)
        await _ask_all(handler, [request()])
        return [each.cancel() for each in downloads]

    assert all(asyncio.run(ask()))


def test_a_page_that_fails_gives_its_turn_back():
    class Failing(Counted):
        async def handle(self, scope, receive, send):
            raise ZeroDivisionError

    async def ask(handler):
        for _ in range(AT_A_TIME + 1):
            try:
                await asyncio.wait_for(handler(request(), None, None), timeout=10)
            except ZeroDivisionError:
                handler.most += 1

    handler = Failing(seconds=0)
    asyncio.run(ask(handler))

    assert handler.most == AT_A_TIME + 1
