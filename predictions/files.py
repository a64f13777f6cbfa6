"""Where uploads and results stand. Names are made here: nothing that a person typed is part of a path."""

import os
import shutil
import uuid
from pathlib import Path

from django.conf import settings

from predictions.results import draft_of
from tabular.spec import CANONICAL_SUFFIX, SKIP_SUFFIX

# The four folders, below the media folder; in each a company has one of its own.
UPLOADS, RESULTS = "uploadToPredict", "predictionResult"
FOLDERS = tuple(f"datasets/{portal}/{kind}" for portal in ("dev", "user") for kind in (UPLOADS, RESULTS))
REJECTS_SUFFIX = ".rejects.csv"
# What may lie beside an upload and goes where it goes.
COMPANIONS = (CANONICAL_SUFFIX, SKIP_SUFFIX, REJECTS_SUFFIX)


def absolute(relative: str) -> Path:
    """Return the place of a stored file, refusing a path that leaves the media folder."""
    root = Path(settings.MEDIA_ROOT).resolve()
    path = (root / relative).resolve()
    if not path.is_relative_to(root):
        raise ValueError(f"{relative!r} is not inside the media folder.")
    return path


def new_upload(portal: str, company_id: str, extension: str) -> str:
    return f"{_folder(portal, UPLOADS, company_id)}/{uuid.uuid4()}.{extension}"


def new_result(portal: str, company_id: str) -> str:
    return f"{_folder(portal, RESULTS, company_id)}/{uuid.uuid4()}.csv"


def table_beside(result: str) -> str:
    """Return the Parquet table that stands beside a result CSV."""
    return f"{result.removesuffix('.csv')}.parquet"


def rejects_of(upload: Path) -> Path:
    """Return the list of rows of an upload that were left out."""
    return Path(f"{upload}{REJECTS_SUFFIX}")


def waiting_room() -> Path:
    """Return the folder of files that nobody has accepted yet; it lies outside the media folder."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def move_with_companions(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    for suffix in ("", *COMPANIONS):
        part = Path(f"{source}{suffix}")
        if part.exists():
            # Across file systems this copies; the row that names the file is only written afterwards.
            shutil.move(part, f"{target}{suffix}")
            os.chmod(f"{target}{suffix}", 0o640)


def remove_with_companions(path: Path) -> None:
    for suffix in ("", *COMPANIONS):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def remove_result(relative: str) -> None:
    for path in (absolute(relative), absolute(table_beside(relative))):
        path.unlink(missing_ok=True)
        draft_of(path).unlink(missing_ok=True)


def _folder(portal, kind, company_id):
    return f"datasets/{portal}/{kind}/{company_id}"
