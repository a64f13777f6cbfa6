"""Requests share threads that stay, and a thread that is still at work is given to nobody else."""

import threading
import time

from core.threads import MOST_IDLE, Threads


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
