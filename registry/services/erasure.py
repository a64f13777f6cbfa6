"""The files of a company that was erased."""

import shutil

from companies.models import Company
from registry.artefacts import RETRAINED_FOLDER, media_path
from registry.mirror import drop_folder

# Under each of them a company has a folder of its own; the shared original stays.
COMPANY_FOLDERS = (RETRAINED_FOLDER, "datasets/dev/uploadToRetrain", "datasets/dev/combinedDataset")


def remove_company_files(*, company_id: str) -> None:
    """Remove the versions and data sets of an erased company from disk."""
    if not company_id or Company.objects.filter(pk=company_id).exists():
        raise ValueError(f"The files of a company go only after its rows: {company_id!r} still exists.")
    for folder in COMPANY_FOLDERS:
        shutil.rmtree(media_path(folder) / company_id, ignore_errors=True)
    drop_folder(f"{RETRAINED_FOLDER}/{company_id}")
