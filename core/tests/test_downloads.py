import pytest
from asgiref.sync import async_to_sync
from django.http import Http404
from django.test import AsyncRequestFactory, RequestFactory

from core.downloads import CSV, PIECE, plain_name, send_made, send_pieces, send_stored

CONTENT = b"customerID,tenure\n" * (PIECE // 9)


@pytest.fixture
def path(tmp_path):
    stored = tmp_path / "stored.csv"
    stored.write_bytes(CONTENT)
    return stored


async def collect(answer):
    return [piece async for piece in answer.streaming_content]


@pytest.mark.parametrize("requests", [RequestFactory, AsyncRequestFactory])
def test_a_file_leaves_in_pieces_and_whole(requests, path):
    answer = send_stored(requests().get("/"), path, name="result.csv", content_type=CSV)

    pieces = async_to_sync(collect)(answer) if answer.is_async else list(answer.streaming_content)

    assert len(pieces) == 2 and b"".join(pieces) == CONTENT
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="result.csv"'
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("content", ["name\nÄnne\n", "name\nÄnne\n".encode()])
def test_what_was_made_here_leaves_as_an_attachment_that_nobody_keeps_or_runs(content):
    answer = send_made(content, name="sample.csv", content_type=CSV)

    assert answer.content.decode() == "name\nÄnne\n"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="sample.csv"'
    assert answer.headers["Content-Type"] == CSV
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_file_that_is_gone_was_never_there(tmp_path):
    with pytest.raises(Http404):
        send_stored(RequestFactory().get("/"), tmp_path / "gone.csv", name="gone.csv")


def test_whoever_makes_the_pieces_is_told_that_the_reader_left():
    told = []

    def pieces():
        try:
            yield b"first"
            yield b"second"
        finally:
            told.append("closed")

    async def leave_after_the_first():
        answer = send_pieces(AsyncRequestFactory().get("/"), pieces(), name="a.csv", content_type=CSV)
        body = aiter(answer.streaming_content)
        assert await anext(body) == b"first"
        await body.aclose()

    async_to_sync(leave_after_the_first)()

    assert told == ["closed"]


def test_a_name_is_never_a_path_or_a_header():
    assert plain_name('../März "1"\r\nX: y', "-result.csv") == "marz-1-x-y-result.csv"
    assert plain_name("日本", ".csv") == "file.csv"
