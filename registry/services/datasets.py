"""The tables that models learn from: stored once, named by their content, registered by company."""

import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction

from companies.models import Company
from core.errors import Conflict
from core.faults import FilesAway
from core.files.drafts import drafts_in
from core.files.media import readable_path, take_media
from intake.services.waiting import waiting_room
from ml.samples.invented import is_invented
from registry.engines.files import FileMismatch, FileUnreachable, compare_file
from registry.models import Dataset
from registry.selectors import telecom_base

ORIGINALS_FOLDER = "datasets/original"
DEFAULT_SLOT = "default"
HELD_OUT_SUFFIX = ".held_out"


class DatasetMissing(Conflict):
    code = "dataset-missing"


@dataclass(frozen=True)
class CheckedFile:
    """A file that was found fit to learn from, and what was found in it."""

    path: Path
    filename: str
    sha256: str
    size_bytes: int
    row_count: int
    churn_count: int


def default_dataset() -> Dataset | None:
    """Return the original of the installation."""
    return Dataset.objects.filter(original_slot=DEFAULT_SLOT).first()


def register_default_dataset(*, checked: CheckedFile, at: datetime) -> Dataset:
    """Make a file the original of the installation: stored under its content, one row, whoever comes first.

    An original that it replaces keeps its row and its file: versions and company datasets point at it.
    """
    relative = store_original(checked)
    try:
        return _replace_original(checked, relative, at)
    except IntegrityError:
        # Another process was first: the slot is unique, and its row is there by now.
        current = default_dataset()
        if current is None or current.sha256 != checked.sha256:
            raise
        return current


@transaction.atomic
def _replace_original(checked, relative, at):
    current = Dataset.objects.select_for_update().filter(original_slot=DEFAULT_SLOT).first()
    if current and current.sha256 == checked.sha256:
        return current
    if current:
        current.original_slot = None
        current.save(update_fields=("original_slot",))
    return Dataset.objects.create(
        name=Path(checked.filename).stem[:255] or "Original",
        file_path=relative,
        is_original=True,
        is_uploaded=False,
        is_combined=False,
        created_at=at,
        original_filename=checked.filename[:255],
        sha256=checked.sha256,
        size_bytes=checked.size_bytes,
        row_count=checked.row_count,
        churn_count=checked.churn_count,
        holds_invented=is_invented(checked.sha256),
        population=telecom_base(),
        original_slot=DEFAULT_SLOT,
    )


def store_original(checked: CheckedFile) -> str:
    """Copy a file below the media folder, if it is not there yet, and return its path relative to it."""
    # The name that came with the file stays in the row; on disk only its type is kept.
    suffix = Path(checked.filename).suffix.lower()
    name = (
        "DatasetA.csv"
        if checked.filename == "DatasetA.csv"
        else f"original{suffix if suffix.isascii() else ''}"
    )
    relative = f"{ORIGINALS_FOLDER}/{checked.sha256[:16]}/{name}"
    stored = readable_path(relative)
    if not (stored.exists() and stored.stat().st_size == checked.size_bytes):
        with tempfile.TemporaryDirectory(dir=drafts_in(waiting_room())) as folder:
            copy = Path(folder) / name
            shutil.copyfile(checked.path, copy)
            # What was checked is what is kept, also if somebody saved the file in between.
            compare_file(copy, checked.sha256)
            take_media(relative, copy)
    return relative


def held_out_beside(dataset_path: str) -> str:
    """Return where the list of who is held out of a combined table stands: one bit for each row."""
    return f"{dataset_path.removesuffix('.csv')}{HELD_OUT_SUFFIX}"


def verified_path(dataset: Dataset) -> Path:
    """Return where the file of `dataset` stands, after its bytes were found to be the registered ones.

    Raises
    ------
    DatasetMissing
        The file is gone or was changed.
    core.faults.FilesAway
        It cannot be read now.
    """
    path = readable_path(dataset.file_path)
    try:
        compare_file(path, dataset.sha256)
    except FileMismatch as mismatch:
        # That its folder is away was asked before: what is not there is missing.
        if isinstance(mismatch, FileUnreachable) and not mismatch.is_missing:
            raise FilesAway from mismatch
        raise DatasetMissing(
            f"The stored file of {dataset} cannot be learned from: {mismatch} Give it again with --dataset."
        ) from mismatch
    return path


def share_original(*, company: Company, at: datetime) -> Dataset | None:
    """Give `company` its row for the original of the installation; the file is stored once for everybody.

    Returns None before the installation has an original.
    """
    original = default_dataset()
    if original is None:
        return None
    row, _ = Dataset.objects.get_or_create(
        original_slot=company.pk,
        defaults={
            "company": company,
            "name": original.name,
            "file_path": original.file_path,
            "is_original": True,
            "is_uploaded": False,
            "is_combined": False,
            "parent_dataset": original,
            "created_at": at,
            "original_filename": original.original_filename,
            "sha256": original.sha256,
            "size_bytes": original.size_bytes,
            "row_count": original.row_count,
            "churn_count": original.churn_count,
            "holds_invented": original.holds_invented,
            "population_id": original.population_id,
        },
    )
    return row
