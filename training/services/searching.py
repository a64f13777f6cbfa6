"""A search for the best model: which types are tried, by which jobs, and what a training makes of it."""

import uuid
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from companies.identity import Member
from core.errors import Conflict
from core.files.media import readable_path, remove_media, take_media
from intake.services.stored import open_upload
from jobs.models import Job
from jobs.orders import request_cancel
from jobs.runner import JobRun
from jobs.services import Child, enqueue, put_behind
from registry.models import ModelType
from training.models import ModelSearch, SearchPart, TrainingRun
from training.services.children import RetrainingFailed, learn_in_child
from training.services.lineage import latest_dataset, sources_for_child
from training.services.runs import refuse_others, room_for
from training.services.steps import steps_of_preparing, steps_of_trying

PREPARE, TRY = "training.prepare_search", "training.try_type"
ENGINES = "training.engines.searching"
FOLDER = "searches"


class NoSearch(Conflict):
    code = "no-search"


# --- Begun -----------------------------------------------------------------------------------------------


def begin_search(training: TrainingRun, *, at: datetime) -> ModelSearch:
    """Let `training`, which is new, wait for a search. Called in the transaction that began it."""
    search_id = uuid.uuid4()
    job = enqueue(
        task=PREPARE,
        title=f"Preparing the search for {training.population}"[:255],
        company=training.company,
        account=training.job.account,
        payload={"training_run": str(training.uuid)},
        after=Job.objects.filter(awaited_by__job=training.job, state__in=Job.UNFINISHED),
        after_any_end=True,
        # Who cancels the training cancels its search.
        parent=training.job,
        at=at,
    )
    search = ModelSearch.objects.create(
        training=training,
        job=job,
        seconds=settings.SEARCH_SECONDS,
        weights=settings.SEARCH_WEIGHTS,
        matrix_path=f"{FOLDER}/{training.company_id}/{search_id}.parquet",
    )
    known = ModelType.objects.filter(slug__in=settings.SEARCH_MODEL_TYPES)
    SearchPart.objects.bulk_create(SearchPart(search=search, model_type=found) for found in known)
    put_behind(job=training.job, after=[job], at=at)
    return search


# --- In the hands of a worker ----------------------------------------------------------------------------


def prepare_search(*, run: JobRun, search: ModelSearch, at: datetime) -> None:
    """Write down whom the training will learn from, and queue a job for each type.

    Raises
    ------
    RetrainingFailed
        The data teaches nothing.
    """
    run.plan(steps_of_preparing())
    with room_for(search.training) as folder:
        matrix = Path(folder) / "matrix.parquet"
        search.prepared = _prepare(run, search.training, matrix, at)
        take_media(search.matrix_path, matrix)
    with run.finish():
        search.save(update_fields=["prepared"])
        parts = list(search.parts.select_related("model_type"))
        jobs = run.enqueue_children([_child(search, part) for part in parts])
        for part, job in zip(parts, jobs, strict=True):
            part.job = job
            part.save(update_fields=["job"])
        put_behind(job=search.training.job, after=jobs, at=at)


def _prepare(run, training, target, at):
    base = latest_dataset(company=training.company, population=training.population, at=at)
    with open_upload(training.upload_path) as upload:
        arguments = sources_for_child(training, base, upload) | {"target": str(target)}
        return learn_in_child(f"{ENGINES}:prepare", arguments, run=run)


def _child(search, part):
    title = f"Trying {part.model_type} for {search.training.population}"
    return Child(name=part.model_type.slug, task=TRY, title=title, payload={"part": part.pk})


def try_part(*, run: JobRun, part: SearchPart) -> None:
    """Try one type; where it cannot learn, that is what came of it, and the others go on."""
    search = part.search
    run.plan(steps_of_trying())
    arguments = _matrix_of(search) | {
        "model_type": part.model_type.slug,
        "seconds": search.seconds / search.parts.count(),
    }
    with room_for(search.training) as folder:
        target = Path(folder) / "said.npy"
        part.result = learn_in_child(f"{ENGINES}:try_out_type", {**arguments, "target": str(target)}, run=run)
        if target.exists():
            take_media(part.said_path, target)
    with run.finish():
        part.save(update_fields=["result"])


def _matrix_of(search):
    return {
        "matrix": str(readable_path(search.matrix_path)),
        "sha256": search.prepared["sha256"],
        "schema": search.training.population.schema,
    }


def decide_type(*, run: JobRun, training: TrainingRun) -> None:
    """Rank what a search found, and let `training` learn with the best; nothing where nobody searched.

    Raises
    ------
    RetrainingFailed
        No type could be tried to its end.
    """
    search = training.found_search
    if search is None or search.ranking is not None:
        return
    parts = list(search.parts.select_related("model_type", "job"))
    tried = [part for part in parts if part.result]
    if not any(part.result["chosen"] is not None for part in tried):
        raise RetrainingFailed(_why_nothing(search, parts), code="cannot-learn")
    search.ranking = _rank(run, search, tried)
    best = next(p for p in tried if p.model_type.slug == search.ranking[0]["model_type"])
    training.model_type, training.params = best.model_type, best.result["chosen"]
    with transaction.atomic():
        run.check()
        search.save(update_fields=["ranking"])
        training.save(update_fields=["model_type", "params"])
    for path in (search.matrix_path, *(part.said_path for part in parts)):
        remove_media(path)


def _rank(run, search, tried):
    arguments = _matrix_of(search) | {
        "results": [part.result for part in tried],
        "said": [str(readable_path(part.said_path)) for part in tried],
        "weights": search.weights,
    }
    return learn_in_child(f"{ENGINES}:rank_types", arguments, run=run)["ranking"]


def _why_nothing(search, parts):
    """Say why no type could be tried: the same reason once."""
    if search.prepared is None:
        return (search.job.error or {}).get("message") or "The search for the best model was cancelled."
    failed = [part.result["failed"] for part in parts if part.result and part.result["failed"]]
    told = [*failed, *(part.job.error["message"] for part in parts if part.job and part.job.error)]
    return " ".join(dict.fromkeys(told)) or "No type was tried to its end before the search was stopped."


# --- Stopped ---------------------------------------------------------------------------------------------


def stop_search(*, member: Member, training: TrainingRun, at: datetime) -> ModelSearch:
    """End what is still tried, and let the training go on with the best so far.

    Raises
    ------
    OnlyDevelopers
        A user asks.
    NoSearch
        Nothing is being tried, or nothing was found yet.
    """
    refuse_others(member)
    search = training.found_search
    if search and search.stopped_at:
        return search  # a second click
    tried = search and search.parts.filter(result__isnull=False).exists()
    if not tried or not training.is_searching or training.job.has_ended:
        raise NoSearch("There is nothing to take yet. Wait for the first type, or cancel the training.")
    for part in search.parts.filter(job__state__in=Job.UNFINISHED).select_related("job"):
        request_cancel(job=part.job, by=member.account, at=at)
    search.stopped_at = at
    search.save(update_fields=["stopped_at"])
    return search
