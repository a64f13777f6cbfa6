"""The files that predictions own: what was uploaded to be scored, and what came out."""

from core.files.owners import Owner, beside, declare
from core.files.stored import MEDIA
from predictions import files
from predictions.models import Prediction


def declare_files() -> None:
    declare(
        "predictions",
        Owner(
            bucket=MEDIA,
            prefixes=tuple(f"{folder}/" for folder in files.FOLDERS),
            in_use=_beside_named,
            erased=tuple(f"{folder}/{{id}}" for folder in files.FOLDERS),
        ),
    )


def _beside_named(names):
    companies = {name.split("/")[-2] for name in names}
    rows = Prediction.objects.filter(company__in=companies)
    pairs = rows.values_list("upload_dataset_path", "result_dataset_path")
    return beside(names, (path for pair in pairs for path in pair))
