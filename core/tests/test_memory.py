"""A page asks once; whoever changes something asks anew."""

import pytest
from django.test import RequestFactory

from core.memory import MemoryMiddleware, once_per_page


def asked_twice(method):
    calls = []

    @once_per_page
    def ask(about):
        calls.append(about)
        return len(calls)

    def view(request):
        return [ask("a"), ask("a"), ask("b")]

    middleware = MemoryMiddleware(view)
    return middleware(RequestFactory().generic(method, "/")), middleware(
        RequestFactory().generic(method, "/")
    )


def test_a_page_asks_once_and_the_next_page_again():
    assert asked_twice("GET") == ([1, 1, 2], [3, 3, 4])


def test_a_request_that_changes_something_asks_anew_each_time():
    assert asked_twice("POST") == ([1, 2, 3], [4, 5, 6])


def test_nothing_is_kept_after_a_page_that_failed():
    @once_per_page
    def ask():
        return object()

    def fail(request):
        ask()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        MemoryMiddleware(fail)(RequestFactory().get("/"))

    assert ask() is not ask()
