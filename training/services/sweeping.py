"""Removing what killed processes left behind: tables that no row names, folders of work."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from registry.artefacts import media_path
from registry.models import Dataset
from training.models import TrainingRun
from training.services.lineage import COMBINED_FOLDER, UPLOADS_FOLDER

# Longer than any job may take between its file and its row.
ABANDONED_AFTER = timedelta(days=1)


def sweep_files(*, at: datetime) -> int:
    """Remove what no row names and nobody has touched for a day, and return how many files that were."""
    oldest = (at - ABANDONED_AFTER).timestamp()
    work = Path(settings.STATE_DIR) / "training"
    for folder in work.iterdir() if work.is_dir() else ():
        if folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)
    # Listed before the rows are read: a file that appears in between belongs to a row not to be seen yet.
    found = [
        path
        for folder in (UPLOADS_FOLDER, COMBINED_FOLDER)
        for path in media_path(folder).rglob("*")
        if path.is_file() and path.stat().st_mtime < oldest
    ]
    named = {
        Path(path).name.split(".")[0]
        for paths in (
            TrainingRun.objects.values_list("upload_path", flat=True),
            Dataset.objects.values_list("file_path", flat=True),
        )
        for path in paths
    }
    orphans = [path for path in found if path.name.split(".")[0] not in named]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)
