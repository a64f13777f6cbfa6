"""Copies that this machine has of files on a server."""

from pathlib import Path

from django.conf import settings


def cache_folder() -> Path:
    """Return the folder of copies; each has a folder of its own, touched when the copy is asked for."""
    return Path(settings.STATE_DIR) / "files"
