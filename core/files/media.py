"""Files by the path that rows keep of them, as it is below the media folder: no caller asks which bucket.

``models/…`` is in the bucket of the models, everything else in `media`. Where both are folders of this
machine, the path below the media folder is also where the file lies.
"""

from pathlib import Path

from django.conf import settings

from core.downloads import UNKNOWN
from core.files import roots, store
from core.files.stored import MEDIA, MODELS, FileIsGone


def place_of(relative: str) -> tuple[str, str]:
    """Return bucket and name of the file at `relative`."""
    folder, _, name = relative.partition("/")
    return (MODELS, name) if folder == MODELS else (MEDIA, relative)


def media_path(relative: str) -> Path:
    """Return the place of a path below the media folder of this machine, whatever lies there."""
    return Path(settings.MEDIA_ROOT) / relative


def make_folder(relative: str) -> None:
    """Make a folder below the media folder of this machine; raise as a write does where that is away."""
    place = media_path(relative)
    roots.ready(media_path(relative.partition("/")[0]))
    place.mkdir(parents=True, exist_ok=True)


def readable_path(relative: str) -> Path:
    """Return where this machine can read the file; a place at which nothing lies where the file is gone.

    Raises
    ------
    core.faults.FilesAway
        The folder of all such files is not there, so that nobody knows.
    """
    try:
        return store.cached_path(*place_of(relative))
    except FileIsGone:
        return media_path(relative)


def take_media(relative: str, source: Path) -> None:
    """Let the file at `source` be the one at `relative`, whole or not at all; at `source` it is gone then."""
    store.take_file(*place_of(relative), source)


def write_media(relative: str, payload: bytes) -> None:
    store.store_bytes(*place_of(relative), payload)


def media_exists(relative: str) -> bool:
    return bool(relative) and store.exists(*place_of(relative))


def remove_media(relative: str) -> None:
    """Remove a file; one that is not there is no mistake."""
    store.remove_file(*place_of(relative))


def send_media(request, relative: str, *, filename: str, content_type: str = UNKNOWN):
    """Send a file as a download called `filename`; one that is gone answers as if it had never been."""
    return store.send_object(request, *place_of(relative), filename=filename, content_type=content_type)
