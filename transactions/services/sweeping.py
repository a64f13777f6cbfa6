"""Objects that nobody needs any more: of an erased company, of a job that was never written down."""

import shutil
from datetime import datetime, timedelta
from uuid import UUID

from companies.models import Company
from core.buckets import DATASETS, UTILS, objects_under, remove_file, remove_under
from core.storage import is_older
from intake.services.waiting import waiting_room
from registry.models import Dataset
from transactions.files import SCRATCH, company_prefix
from transactions.models import AnalysisSession, FeatureMatrix

# Longer than any request or job may take between its object and its row.
ABANDONED_AFTER = timedelta(days=1)


def remove_company_objects(*, company_uuid: UUID) -> None:
    """Remove the logs and features of an erased company. Run twice, the second time finds nothing."""
    if Company.objects.filter(uuid=company_uuid).exists():
        raise ValueError(f"The objects of a company go only after its rows: {company_uuid} still exists.")
    for bucket in (DATASETS, UTILS):
        remove_under(bucket, company_prefix(company_uuid))


def sweep_objects(*, at: datetime) -> int:
    """Remove objects that no row names: their process was killed before it wrote one. Return how many.

    The row comes last, so an object without one is either on its way, for minutes, or an orphan.
    """
    removed = 0
    oldest = at - ABANDONED_AFTER
    for bucket in (DATASETS, UTILS):
        # Listed before the rows are read: a row that appears in between names an object that is not listed.
        old = [found.name for found in objects_under(bucket, "org_") if found.written_at < oldest]
        named = _named_by_rows() if old else set()
        for name in old:
            if name not in named:
                remove_file(bucket, name)
                removed += 1
    for folder in waiting_room().glob(f"{SCRATCH}*"):
        if folder.is_dir() and is_older(folder, oldest.timestamp()):
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _named_by_rows():
    logs = AnalysisSession.objects.values_list("events_path", "rejects_path")
    matrices = FeatureMatrix.objects.values_list("parquet_path", "csv_path")
    stored = Dataset.objects.exclude(bucket_name="").values_list("file_path")
    return {name for rows in (logs, matrices, stored) for row in rows for name in row if name}
