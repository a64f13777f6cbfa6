"""The objects that purchase logs own: the logs as they came, their events, their features."""

from core.files.owners import Owner, declare
from core.files.stored import DATASETS, UTILS
from registry.models import Dataset
from transactions.files import COMPANY
from transactions.models import AnalysisSession, FeatureMatrix


def declare_files() -> None:
    for bucket in (DATASETS, UTILS):
        declare(
            f"purchase logs in {bucket}",
            Owner(
                bucket=bucket,
                prefixes=(COMPANY,),
                in_use=_named,
                has_files=Dataset.objects.filter(bucket_name=bucket).exists,
                erased=(f"{COMPANY}{{uuid}}",),
            ),
        )


def _named(names):
    found = set()
    for rows, columns in (
        (AnalysisSession.objects, ("events_path", "rejects_path")),
        (FeatureMatrix.objects, ("parquet_path", "csv_path")),
        (Dataset.objects.exclude(bucket_name=""), ("file_path",)),
    ):
        for column in columns:
            found.update(rows.filter(**{f"{column}__in": names}).values_list(column, flat=True))
    return found
