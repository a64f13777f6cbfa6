"""Names of the objects of a purchase log in the buckets; nothing that a person typed is part of one."""

import uuid
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from companies.models import Company
from core.files.drafts import drafts_in
from intake.services.waiting import waiting_room

# What the names of all objects of a company begin with, before its id.
COMPANY = "org_"
# Folders in the waiting room, each for what one job makes before it is stored.
SCRATCH = "log-"


def company_prefix(company_uuid: UUID) -> str:
    return f"{COMPANY}{company_uuid}"


def new_raw(company: Company, extension: str) -> str:
    return f"{company_prefix(company.uuid)}/raw/{uuid.uuid4()}.{extension}"


def new_events(company: Company) -> tuple[str, str]:
    """Return names for the events of a log and for the rows that were left out."""
    name = uuid.uuid4()
    prefix = company_prefix(company.uuid)
    return f"{prefix}/events/{name}.parquet", f"{prefix}/rejects/{name}.csv"


def features_of(company: Company, dataset: UUID) -> tuple[str, str]:
    """Return the names of a matrix: the table for programs, and the CSV for people."""
    stem = f"{company_prefix(company.uuid)}/features/features_{dataset}"
    return f"{stem}.parquet", f"{stem}.csv"


@contextmanager
def scratch_folder():
    """Yield a folder for the drafts of one job; it goes at the end, or with the sweep."""
    with TemporaryDirectory(prefix=SCRATCH, dir=drafts_in(waiting_room())) as folder:
        yield Path(folder)
