"""A page is kept for who saw it, and shown again while the database still answers all that it asked.

Half of what a page costs is building its questions in Python, and most of the rest is its templates. Asking
the same questions again as plain SQL costs a tenth of it, and needs nobody to say what a page depends on: a
change by any door, in any process, changes an answer, and the page is made anew.
"""

import pickle
import re
import sys
import time
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.urls import resolve

from core.fresh import fresh_token, note_tokens

# What no table says, such as how long ago something was, is older by no more than this.
LONGEST_SECONDS = 120
MOST_BYTES = 16 * 1024 * 1024
# A page that asks again by itself is about work that goes on, and says how long it takes by now.
_ASKS_AGAIN = b'hx-trigger="every'
# Where `base.html` and Django's forms write the token that is masked anew for every page.
_CSRF = re.compile(r'(?<=X-CSRFToken": ")\w{64}(?=")|(?<=name="csrfmiddlewaretoken" value=")\w{64}(?=")')


def kept(view):
    """Decorate a view that may be shown again: all that it says comes from the database and the address."""
    view.is_kept = True
    return view


@dataclass(frozen=True)
class Question:
    """What a page asked, and what the database answered, as a hash: answers are compared and never read."""

    sql: str
    params: tuple
    answer: int

    @classmethod
    def ask(cls, sql: str, params: tuple) -> "Question":
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            # Of the bytes: Python's hash of the number -1 is that of -2.
            return cls(sql, params, hash(pickle.dumps(cursor.fetchall())))

    @property
    def has_same_answer(self) -> bool:
        return Question.ask(self.sql, self.params) == self


class Questions:
    """What is asked while a page is made.

    Each question is asked here first. So a page may be newer than what is noted of it, and is then made once
    more; it can never be older.
    """

    def __init__(self):
        self.asked: list[Question] = []
        self.only_reads = True
        self._asks_itself = False

    def __call__(self, execute, sql, params, many, context):
        if not self._asks_itself:
            self._note(sql, params, many)
        return execute(sql, params, many, context)

    def _note(self, sql, params, many):
        if many or not sql.startswith("SELECT"):
            self.only_reads = False
            return
        self._asks_itself = True
        try:
            # The same text serves everybody's pages.
            self.asked.append(Question.ask(sys.intern(sql), tuple(params or ())))
        finally:
            self._asks_itself = False


@dataclass(frozen=True)
class Page:
    """A page as it was made: its text in packed pieces, between which a token stands, of CSRF or a form."""

    made_at: float
    questions: tuple[Question, ...]
    pieces: tuple[bytes, ...]
    are_csrf: tuple[bool, ...]
    headers: dict[str, str]

    @classmethod
    def of(cls, response: HttpResponse, questions: Questions, tokens: list[str], *, at: float) -> "Page":
        text = response.content.decode()
        pattern = "|".join([_CSRF.pattern, *map(re.escape, tokens)])
        gaps = list(re.finditer(pattern, text))
        starts, ends = [0, *(gap.end() for gap in gaps)], [*(gap.start() for gap in gaps), len(text)]
        return cls(
            at,
            tuple(questions.asked),
            tuple(
                zlib.compress(text[start:end].encode(), level=1)
                for start, end in zip(starts, ends, strict=True)
            ),
            tuple(gap[0] not in tokens for gap in gaps),
            dict(response.headers),
        )

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces))

    def is_true(self) -> bool:
        """Whether the database still answers as it did."""
        return all(each.has_same_answer for each in self.questions)

    def show(self, request: HttpRequest) -> HttpResponse:
        csrf = get_token(request) if any(self.are_csrf) else ""
        gaps = [csrf if is_csrf else fresh_token() for is_csrf in self.are_csrf]
        pieces = [zlib.decompress(piece).decode() for piece in self.pieces]
        text = "".join(part for pair in zip(pieces, [*gaps, ""], strict=True) for part in pair)
        return HttpResponse(text, headers=self.headers)


class KeptPages:
    """The latest pages of this process. Whose page it is, is part of the key: nobody is shown another's."""

    def __init__(self):
        self._pages: OrderedDict[Any, Page] = OrderedDict()
        self._lock = Lock()
        self._size = 0

    def find(self, key: Any, *, at: float) -> Page | None:
        with self._lock:
            self._forget(at)
            return self._pages.get(key)

    def keep(self, key: Any, page: Page) -> None:
        with self._lock:
            if before := self._pages.pop(key, None):
                self._size -= before.size
            self._pages[key] = page
            self._size += page.size
            self._forget(page.made_at)

    def _forget(self, at):
        # What was erased is gone from here too, soon after.
        while self._pages and self._is_too_much(next(iter(self._pages.values())), at):
            _, oldest = self._pages.popitem(last=False)
            self._size -= oldest.size

    def _is_too_much(self, oldest, at):
        return at - oldest.made_at >= LONGEST_SECONDS or self._size > MOST_BYTES


class KeptPagesMiddleware:
    """Show pages again that are still true. Stands before whatever asks the database who is calling."""

    def __init__(self, get_response):
        self.get_response = get_response
        self._kept = KeptPages()

    def __call__(self, request):
        if not _may_be_kept(request):
            return self.get_response(request)
        page = self._kept.find(_key_of(request), at=time.monotonic())
        if page and page.is_true():
            structlog.contextvars.bind_contextvars(user_id=int(request.session[SESSION_KEY]))
            return page.show(request)
        return self._make(request)

    def _make(self, request):
        questions, at = Questions(), time.monotonic()
        with connection.execute_wrapper(questions), note_tokens() as tokens:
            response = self.get_response(request)
        if questions.only_reads and _is_only_a_page(request, response):
            # Only now: who comes for the first time was given the secret of CSRF while it was made.
            self._kept.keep(_key_of(request), Page.of(response, questions, tokens, at=at))
        return response


def _may_be_kept(request):
    return (
        request.method == "GET"
        and not request.META.get("QUERY_STRING")
        and "HX-Request" not in request.headers
        and "messages" not in request.COOKIES
        and settings.SESSION_COOKIE_NAME in request.COOKIES
        and _is_kept(request.path_info, settings.ROOT_URLCONF)
        and SESSION_KEY in request.session
    )


@lru_cache(maxsize=2000)
def _is_kept(path, urlconf):
    try:
        return getattr(resolve(path, urlconf).func, "is_kept", False)
    except Http404:
        return False


def _key_of(request):
    # What is kept in a session decides about a page too, messages for instance.
    session = repr(sorted(request.session.items()))
    return request.session.session_key, session, request.META.get("CSRF_COOKIE"), request.build_absolute_uri()


def _is_only_a_page(request, response):
    return (
        response.status_code == 200
        and not response.streaming
        # Its own cookie Django writes anew with every page.
        and set(response.cookies) <= {settings.CSRF_COOKIE_NAME}
        and not request.session.modified
        and _ASKS_AGAIN not in response.content
    )
