"""The files that training owns: what was uploaded to learn from, and what that was combined into."""

from core.files.owners import ABANDONED_AFTER, Owner, Scratch, beside, declare, declare_scratch
from core.files.stored import MEDIA
from jobs.models import Job
from registry.models import Dataset
from training.models import ModelSearch, TrainingRun
from training.services.lineage import COMBINED_FOLDER, UPLOADS_FOLDER
from training.services.runs import work_folder
from training.services.searching import FOLDER


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
    declare(
        "searches",
        Owner(bucket=MEDIA, prefixes=(f"{FOLDER}/",), in_use=_searched_now, erased=(f"{FOLDER}/{{id}}",)),
    )
    declare_scratch("training", Scratch(work_folder, folders_after=ABANDONED_AFTER))


def _beside_named(names):
    companies = {name.split("/")[-2] for name in names}
    paths = (
        *TrainingRun.objects.filter(company__in=companies).values_list("upload_path", flat=True),
        *Dataset.objects.filter(company__in=companies).values_list("file_path", flat=True),
    )
    return beside(names, paths)


def _searched_now(names):
    """What is tried on is needed until the best type is known; the training removes it then."""
    companies = {name.split("/")[-2] for name in names}
    open_ones = ModelSearch.objects.filter(training__company__in=companies, ranking=None)
    paths = open_ones.filter(training__job__state__in=Job.UNFINISHED).values_list("matrix_path", flat=True)
    return beside(names, paths)
