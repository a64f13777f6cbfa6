"""Files that leave the house: always as an attachment, under a name made here, in pieces."""

from collections.abc import Iterator
from pathlib import Path

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, StreamingHttpResponse
from django.utils.text import slugify

PIECE = 256 * 1024
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UNKNOWN = "application/octet-stream"


def send_file(request, path: Path, *, name: str, content_type: str) -> StreamingHttpResponse:
    """Send a stored file; one that is gone answers as if it had never been."""
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    answer = send_pieces(request, _pieces(file), name=name, content_type=content_type)
    answer.headers["Content-Length"] = str(path.stat().st_size)
    return answer


def send_pieces(request, pieces: Iterator[bytes], *, name: str, content_type: str) -> StreamingHttpResponse:
    """Send what `pieces` yields as a download called `name`."""
    # A plain iterator would be read to its end before the first byte leaves an ASGI server.
    inner = getattr(request, "_request", request)
    body = _asynchronously(pieces) if isinstance(inner, ASGIRequest) else pieces
    answer = StreamingHttpResponse(body, content_type=content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def file_name(title: str, ending: str) -> str:
    """Return an ASCII file name that begins with what remains of `title`; never a path or a header."""
    return f"{slugify(title)[:80].strip('-') or 'prediction'}-{ending}"


def _pieces(file):
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
