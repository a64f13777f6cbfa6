"""Where uploads and results stand. Names are made here: nothing that a person typed is part of a path."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from core.downloads import plain_name
from core.files.drafts import drafts_in
from core.files.media import remove_media, take_media
from intake.services.waiting import waiting_room

# The four folders, below the media folder; in each a company has one of its own.
UPLOADS, RESULTS = "uploadToPredict", "predictionResult"
FOLDERS = tuple(f"datasets/{portal}/{kind}" for portal in ("dev", "user") for kind in (UPLOADS, RESULTS))

# Folders in the waiting room, each for one workbook while it is built and sent.
WORKBOOK = "workbook-"
# A sheet holds 1,048,576 rows, but writing so many takes minutes, and opening them longer.
MOST_WORKBOOK_ROWS = 200_000
# And each for one result while it is calculated.
SCORING = "scoring-"


def new_upload(portal: str, company_id: str, extension: str) -> str:
    return f"{_folder(portal, UPLOADS, company_id)}/{uuid.uuid4()}.{extension}"


def new_result(portal: str, company_id: str) -> str:
    return f"{_folder(portal, RESULTS, company_id)}/{uuid.uuid4()}.csv"


def download_name(title: str, ending: str, *, as_of: date | None) -> str:
    """Return what a result is called where it is downloaded: two days of one list are two files."""
    return plain_name(title, f"-as-of-{as_of.isoformat()}{ending}" if as_of else ending)


def table_beside(result: str) -> str:
    """Return the Parquet table that stands beside a result CSV."""
    return f"{result.removesuffix('.csv')}.parquet"


def shadow_beside(result: str) -> str:
    """Return what a challenger said of the same customers, where one scored them."""
    return f"{result.removesuffix('.csv')}.shadow.parquet"


def lapsed_beside(result: str) -> str:
    """Return who of a purchase log was not scored because they have left already."""
    return f"{result.removesuffix('.csv')}.lapsed.csv"


def changes_beside(result: str) -> str:
    """Return whom this result or the one before it names, and what changed for each."""
    return f"{result.removesuffix('.csv')}.changes.csv"


@dataclass(frozen=True)
class ResultDrafts:
    """Where the files of a result are written until all of them are whole."""

    csv: Path
    table: Path
    shadow: Path
    lapsed: Path
    changes: Path


@contextmanager
def result_drafts() -> Iterator[ResultDrafts]:
    """Yield places for one result in a folder of its own; what is not published of it goes at the end."""
    with TemporaryDirectory(dir=drafts_in(waiting_room()), prefix=SCORING) as folder:
        names = ("result.csv", "result.parquet", "shadow.parquet", "lapsed.csv", "changes.csv")
        yield ResultDrafts(*(Path(folder) / name for name in names))


def publish_result(drafts: ResultDrafts, relative: str) -> None:
    """Let the files of a result appear under their names, the CSV last; not every result has all of them."""
    for draft, beside in (
        (drafts.shadow, shadow_beside),
        (drafts.lapsed, lapsed_beside),
        (drafts.changes, changes_beside),
        (drafts.table, table_beside),
    ):
        if draft.exists():
            take_media(beside(relative), draft)
    take_media(relative, drafts.csv)


def remove_result(relative: str) -> None:
    remove_media(relative)
    for beside in (table_beside, shadow_beside, lapsed_beside, changes_beside):
        remove_media(beside(relative))


def _folder(portal, kind, company_id):
    return f"datasets/{portal}/{kind}/{company_id}"
