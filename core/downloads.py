"""Files that leave the house: always as an attachment, under a name made here, in pieces."""

from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.text import slugify

Answer = TypeVar("Answer", bound=HttpResponseBase)

PIECE = 256 * 1024
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# For what somebody else wrote: no browser opens it by itself.
UNKNOWN = "application/octet-stream"


def send_stored(request, path: Path, *, name: str, content_type: str = UNKNOWN) -> StreamingHttpResponse:
    """Send the file at `path` as a download; one that is gone answers as if it had never been."""
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    return send_file(request, file, size=path.stat().st_size, name=name, content_type=content_type)


def send_file(request, file, *, size: int, name: str, content_type: str) -> StreamingHttpResponse:
    """Send an open file as a download and close it."""
    answer = send_pieces(request, _pieces(file), name=name, content_type=content_type)
    answer.headers["Content-Length"] = str(size)
    return answer


def send_pieces(request, pieces: Generator[bytes], *, name: str, content_type: str) -> StreamingHttpResponse:
    """Send what `pieces` yields as a download called `name`, each piece when it is made."""
    inner = getattr(request, "_request", request)
    # An ASGI server would read a plain generator to its end before the first byte leaves.
    body = _asynchronously(pieces) if isinstance(inner, ASGIRequest) else pieces
    return _as_attachment(StreamingHttpResponse(body, content_type=content_type), name)


def send_made(content: bytes | str, *, name: str, content_type: str) -> HttpResponse:
    """Send what was made here and is short, all at once, as a download called `name`."""
    return _as_attachment(HttpResponse(content, content_type=content_type), name)


def _as_attachment(answer: Answer, name: str) -> Answer:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def plain_name(title: str, suffix: str, *, otherwise: str = "file") -> str:
    """Return an ASCII file name made from what remains of `title`; never a path or a header."""
    return f"{slugify(title)[:80].strip('-') or otherwise}{suffix}"


def _pieces(file) -> Generator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


async def _asynchronously(pieces):
    following = sync_to_async(next, thread_sensitive=False)
    try:
        while (piece := await following(pieces, None)) is not None:
            yield piece
    finally:
        await sync_to_async(pieces.close, thread_sensitive=False)()
