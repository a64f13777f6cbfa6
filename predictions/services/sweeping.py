"""Files that nobody needs any more: of an erased company, of a run that was never written down."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from companies.models import Company
from core.storage import is_older
from intake.services.waiting import KEPT_FOR, waiting_room
from predictions import files
from predictions.models import Prediction

# Longer than any request or job may take between its file and its row.
ABANDONED_AFTER = timedelta(days=1)


def remove_company_files(*, company_id: str) -> None:
    """Remove the uploads and results of an erased company. Run twice, the second time finds nothing."""
    if not company_id or Company.objects.filter(pk=company_id).exists():
        raise ValueError(f"The files of a company go only after its rows: {company_id!r} still exists.")
    for folder in files.FOLDERS:
        shutil.rmtree(files.absolute(folder) / company_id, ignore_errors=True)


def sweep_files(*, at: datetime) -> int:
    """Remove files that no row names: their process was killed before it wrote one. Return how many.

    The row comes last, so a file without one is either on its way, for minutes, or an orphan.
    """
    oldest = (at - ABANDONED_AFTER).timestamp()
    removed = sweep_waiting_room(at=at)
    for folder in files.FOLDERS:
        for company in _folders_in(files.absolute(folder)):
            named = _named_by_rows(company.name)
            for path in company.iterdir():
                if path.name.split(".")[0] not in named and is_older(path, oldest):
                    path.unlink(missing_ok=True)
                    removed += 1
    return removed


def sweep_waiting_room(*, at: datetime) -> int:
    """Remove what was left in the waiting room: kept uploads whose hour is over, workbooks."""
    oldest = (at - KEPT_FOR).timestamp()
    stale = [path for path in waiting_room().iterdir() if path.is_file() and is_older(path, oldest)]
    for path in stale:
        path.unlink(missing_ok=True)
    # A slow line may take longer than an hour for a workbook.
    abandoned = (at - ABANDONED_AFTER).timestamp()
    folders = [
        path
        for path in waiting_room().glob(f"{files.WORKBOOK}*")
        if path.is_dir() and is_older(path, abandoned)
    ]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return len(stale) + len(folders)


def _folders_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _named_by_rows(company_id):
    """Return the names, without endings, of all files that rows of a company name."""
    rows = Prediction.objects.filter(company=company_id)
    paths = rows.values_list("upload_dataset_path", "result_dataset_path")
    return {Path(path).name.split(".")[0] for pair in paths for path in pair if path}
