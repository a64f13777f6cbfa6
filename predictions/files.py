"""Where uploads and results stand. Names are made here: nothing that a person typed is part of a path."""

import uuid
from pathlib import Path

from django.conf import settings

from intake.services.waiting import REJECTS_SUFFIX
from predictions.engines.results import draft_of

# The four folders, below the media folder; in each a company has one of its own.
UPLOADS, RESULTS = "uploadToPredict", "predictionResult"
FOLDERS = tuple(f"datasets/{portal}/{kind}" for portal in ("dev", "user") for kind in (UPLOADS, RESULTS))

# Folders in the waiting room, each for one workbook while it is built and sent.
WORKBOOK = "workbook-"


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


def shadow_beside(result: str) -> str:
    """Return what a challenger said of the same customers, where one scored them."""
    return f"{result.removesuffix('.csv')}.shadow.parquet"


def rejects_of(upload: Path) -> Path:
    """Return the list of rows of an upload that were left out."""
    return Path(f"{upload}{REJECTS_SUFFIX}")


def remove_result(relative: str) -> None:
    for name in (relative, table_beside(relative), shadow_beside(relative)):
        path = absolute(name)
        path.unlink(missing_ok=True)
        draft_of(path).unlink(missing_ok=True)


def _folder(portal, kind, company_id):
    return f"datasets/{portal}/{kind}/{company_id}"
