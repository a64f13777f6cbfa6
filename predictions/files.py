"""Where uploads and results stand. Names are made here: nothing that a person typed is part of a path."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from core.files.media import remove_media, take_media
from intake.services.waiting import waiting_room

# The four folders, below the media folder; in each a company has one of its own.
UPLOADS, RESULTS = "uploadToPredict", "predictionResult"
FOLDERS = tuple(f"datasets/{portal}/{kind}" for portal in ("dev", "user") for kind in (UPLOADS, RESULTS))

# Folders in the waiting room, each for one workbook while it is built and sent.
WORKBOOK = "workbook-"
# And each for one result while it is calculated.
SCORING = "scoring-"


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


@dataclass(frozen=True)
class ResultDrafts:
    """Where the files of a result are written until all of them are whole."""

    csv: Path
    table: Path
    shadow: Path


@contextmanager
def result_drafts() -> Iterator[ResultDrafts]:
    """Yield places for one result in a folder of its own; what is not published of it goes at the end."""
    with TemporaryDirectory(dir=waiting_room(), prefix=SCORING) as folder:
        places = (Path(folder) / name for name in ("result.csv", "result.parquet", "shadow.parquet"))
        yield ResultDrafts(*places)


def publish_result(drafts: ResultDrafts, relative: str) -> None:
    """Let the files of a result appear under their names; the shadow where a challenger cast one."""
    take_media(table_beside(relative), drafts.table)
    if drafts.shadow.exists():
        take_media(shadow_beside(relative), drafts.shadow)
    take_media(relative, drafts.csv)


def remove_result(relative: str) -> None:
    for name in (relative, table_beside(relative), shadow_beside(relative)):
        remove_media(name)


def _folder(portal, kind, company_id):
    return f"datasets/{portal}/{kind}/{company_id}"
