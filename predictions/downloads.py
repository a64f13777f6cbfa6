"""Results that are made while they are sent."""

from collections.abc import Generator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def send_pieces(request, pieces: Generator[bytes], *, name: str, content_type: str) -> StreamingHttpResponse:
    """Send what `pieces` yields as a download called `name`."""
    # A plain generator would be read to its end before the first byte leaves an ASGI server.
    body = _asynchronously(pieces) if isinstance(request, ASGIRequest) else pieces
    answer = StreamingHttpResponse(body, content_type=content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


async def _asynchronously(pieces):
    following = sync_to_async(next, thread_sensitive=False)
    try:
        while (piece := await following(pieces, None)) is not None:
            yield piece
    finally:
        await sync_to_async(pieces.close, thread_sensitive=False)()
