"""What data a company has, and what was made from what: uploads, and the tables they were combined into."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db.models import Max

from companies.models import Company
from companies.services.locking import lock_company
from core.errors import Conflict
from core.files.media import readable_path, remove_media, take_media
from intake.limits import upload_limit
from ml.samples.invented import is_invented
from registry.engines.files import compare_file
from registry.models import Dataset, Population
from registry.services.datasets import held_out_beside, share_original, verified_path
from training.models import TrainingRun

UPLOADS_FOLDER = "datasets/dev/uploadToRetrain"
COMBINED_FOLDER = "datasets/dev/combinedDataset"


class NothingToCombineWith(Conflict):
    code = "no-original-dataset"


class DataMovedOn(Exception):
    """Another retraining of the company was done in the meantime: this one starts again from its data."""


@dataclass(frozen=True)
class CombinedFile:
    """A combined table that lies at its place, and what stands in it."""

    relative: str
    sha256: str
    size: int
    rows: int
    churned: int
    held_out_sha256: str


def new_upload_path(company: Company, extension: str) -> str:
    return f"{UPLOADS_FOLDER}/{company.pk}/{uuid.uuid4()}.{extension}"


def latest_dataset(*, company: Company, population: Population, at: datetime) -> Dataset | None:
    """Return what the next upload of a base is added to: its latest combined data set, else its original.

    None for a base of the company that has learned from nothing yet: the upload is its first table.

    Raises
    ------
    NothingToCombineWith
        The installation has no original data set yet.
    """
    own = company.datasets.filter(population=population)
    dataset = own.filter(is_combined=True).order_by("-pk").first()
    if dataset is not None or population.company_id is not None:
        return dataset
    dataset = share_original(company=company, at=at)
    if dataset is None:
        raise NothingToCombineWith(
            "There is no original data set to add the file to yet. Ask the operator of this installation to "
            "run: manage.py seed_defaults"
        )
    return dataset


def next_number(company: Company, population: Population) -> int:
    """Return which number the next retraining of a base that is done will have."""
    runs = company.training_runs.filter(population=population)
    return (runs.aggregate(Max("number"))["number__max"] or 0) + 1


def held_out_of(dataset: Dataset) -> dict | None:
    """Return path and hash of who was held out of `dataset`; None where that follows from its rows."""
    run = TrainingRun.objects.filter(combined_dataset=dataset).first()
    if run is None:
        return None
    path = readable_path(held_out_beside(dataset.file_path))
    return {"path": str(path), "sha256": run.combination["held_out_sha256"]}


def stored_for_child(dataset: Dataset, path: Path) -> dict:
    """Return how a child finds a stored table and who was held out of it; it checks both hashes."""
    return {"path": str(path), "sha256": dataset.sha256, "held_out": held_out_of(dataset)}


def sources_for_child(training_run: TrainingRun, base: Dataset | None, upload: Path) -> dict:
    """Return what a child combines: what was known, what came, and how both are written."""
    population = training_run.population
    older = base and stored_for_child(base, verified_path(base)) | {"uploads": uploads_of(base)}
    return {
        "older": older,
        "newer": {
            "path": str(upload),
            "spec": training_run.input_data["spec"],
            "number": next_number(training_run.company, population),
        },
        "schema": population.schema,
        "reading": population.reading,
        "max_bytes": upload_limit(),
    }


def uploads_of(dataset: Dataset) -> list[int] | None:
    """Return how many customers of `dataset` each upload brought, the oldest first; None for an original."""
    run = TrainingRun.objects.filter(combined_dataset=dataset).first()
    if run is None:
        return None
    found = run.combination
    # Retrainings of earlier versions know the latest upload only.
    return found.get("uploads") or [found["kept"], found["rows"] - found["kept"]]


def store_combined(*, company: Company, draft: Path, held_out: Path, found: dict) -> CombinedFile:
    """Put a combined table at its place. It belongs to nobody until `register_lineage` names it."""
    relative = f"{COMBINED_FOLDER}/{company.pk}/{uuid.uuid4()}.csv"
    parts = (
        (held_out, held_out_beside(relative), found["held_out_sha256"]),
        (draft, relative, found["sha256"]),
    )
    for source, target, sha256 in parts:
        compare_file(source, sha256)
        take_media(target, source)
    return CombinedFile(
        relative=relative,
        sha256=found["sha256"],
        size=found["size"],
        rows=found["rows"],
        churned=found["churned"],
        held_out_sha256=found["held_out_sha256"],
    )


def remove_combined(combined: CombinedFile) -> None:
    for relative in (combined.relative, held_out_beside(combined.relative)):
        remove_media(relative)


def register_lineage(
    *,
    training_run: TrainingRun,
    base: Dataset | None,
    combined: CombinedFile,
    churned_in_upload: int,
    at: datetime,
) -> TrainingRun:
    """Write down upload and combined table under the next number of the base. Called inside a transaction.

    Raises
    ------
    DataMovedOn
        `base` is no longer the company's latest: whatever learned from it would fork the chain.
    """
    # The lock makes two retrainings of one company wait for each other here, until the first has committed.
    company = lock_company(training_run.company_id)
    population = training_run.population
    if latest_dataset(company=company, population=population, at=at) != base:
        raise DataMovedOn
    number = next_number(company, population)
    read = training_run.input_data
    upload = Dataset.objects.create(
        company=company,
        population=population,
        name=f"uploadDataset{number}",
        file_path=training_run.upload_path,
        is_original=False,
        is_uploaded=True,
        is_combined=False,
        created_at=training_run.created_at,
        original_filename=training_run.original_filename,
        sha256=read["spec"]["sha256"],
        size_bytes=read["spec"]["size"],
        row_count=read["accepted"],
        churn_count=churned_in_upload,
        holds_invented=is_invented(read["spec"]["sha256"]),
    )
    together = Dataset.objects.create(
        company=company,
        population=population,
        name=f"combinedDataset{number}",
        file_path=combined.relative,
        is_original=False,
        is_uploaded=False,
        is_combined=True,
        parent_dataset=base,
        added_dataset=upload,
        created_at=at,
        sha256=combined.sha256,
        size_bytes=combined.size,
        row_count=combined.rows,
        churn_count=combined.churned,
        holds_invented=upload.holds_invented or bool(base and base.holds_invented),
    )
    training_run.number = number
    training_run.upload_dataset = upload
    training_run.combined_dataset = together
    training_run.parent_dataset = base
    return training_run
