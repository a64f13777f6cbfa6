"""The files that training owns: what was uploaded to learn from, and what that was combined into."""

from core.files.owners import ABANDONED_AFTER, Owner, Scratch, beside, declare, declare_scratch
from core.files.stored import MEDIA
from registry.models import Dataset
from training.models import TrainingRun
from training.services.lineage import COMBINED_FOLDER, UPLOADS_FOLDER
from training.services.runs import work_folder


def declare_files() -> None:
    declare(
        "retrainings",
        Owner(
            bucket=MEDIA,
            prefixes=(f"{UPLOADS_FOLDER}/", f"{COMBINED_FOLDER}/"),
            in_use=_beside_named,
            erased=(f"{UPLOADS_FOLDER}/{{id}}", f"{COMBINED_FOLDER}/{{id}}"),
        ),
    )
    declare_scratch("training", Scratch(work_folder, folders_after=ABANDONED_AFTER))


def _beside_named(names):
    companies = {name.split("/")[-2] for name in names}
    paths = (
        *TrainingRun.objects.filter(company__in=companies).values_list("upload_path", flat=True),
        *Dataset.objects.filter(company__in=companies).values_list("file_path", flat=True),
    )
    return beside(names, paths)
