"""A retraining in the hands of a worker: attempts to put a version upon the company's latest data."""

import shutil
import uuid
from datetime import datetime
from pathlib import Path

from companies.identity import membership
from companies.services.audit import record_event
from core.files.media import readable_path
from intake.services.stored import open_upload
from jobs.runner import JobRun
from registry.engines.exported import read_exported
from registry.selectors import best_default
from registry.services.datasets import verified_path
from registry.services.opening import DamagedArtefact, verified_files
from registry.services.states import VersionNotServing
from registry.services.versions import register_version
from training.models import TrainingRun
from training.selectors import latest_made, latest_version, serving_version, the_first_version
from training.services.children import learn_in_child
from training.services.deploying import deploy_after_training
from training.services.lineage import (
    DataMovedOn,
    latest_dataset,
    register_lineage,
    remove_combined,
    sources_for_child,
    store_combined,
    stored_for_child,
)
from training.services.runs import room_for
from training.services.searching import decide_type
from training.services.steps import steps_of_retraining

ENGINE = "training.engines.retraining:retrain"


def train_on_customers(*, run: JobRun, training_run: TrainingRun, at: datetime) -> None:
    """Combine, check, split, train, evaluate, export, register; all that is to be seen of it appears at once.

    Where a search was asked for, it learns with what that found best.

    Where another retraining of the company was done first, this one begins again from its data: each upload
    stands in the chain once, in the order in which they were done.

    Raises
    ------
    RetrainingFailed
        The data teaches nothing.
    jobs.runner.TookTooMuch
        Learning took more memory or time than a job may take.
    """
    if training_run.number is not None:
        # Done before; somebody queued the job again.
        return
    decide_type(run=run, training=training_run)
    with room_for(training_run) as folder:
        while True:
            work = Path(folder) / uuid.uuid4().hex
            work.mkdir()
            try:
                _attempt(run, training_run, work, at)
            except DataMovedOn:
                shutil.rmtree(work, ignore_errors=True)
            else:
                return


def _attempt(run, training_run, work, at):
    company = training_run.company
    base = latest_dataset(company=company, population=training_run.population, at=at)
    existing, left_out = _existing(training_run, at)
    run.plan(steps_of_retraining(training_run.model_type, compared=len(existing)))
    found = _in_child(run, training_run, base, existing, work)
    exported = read_exported(work)
    run.progress("Register", 0, 0)
    combined = store_combined(
        company=company,
        draft=work / "combined.csv",
        held_out=work / "held_out.bits",
        found=found["combined"],
    )
    registered = False
    try:
        with run.finish():
            register_lineage(
                training_run=training_run,
                base=base,
                combined=combined,
                churned_in_upload=found["combination"]["newer_churned"],
                at=at,
            )
            training_run.version = register_version(
                company=company,
                population=training_run.population,
                model_type=training_run.model_type,
                exported=exported,
                dataset=training_run.combined_dataset,
                at=at,
            )
            training_run.combination = {
                **found["combination"],
                "held_out_sha256": combined.held_out_sha256,
            }
            training_run.comparison = {
                **found["comparison"],
                **_why_not_compared(existing, left_out),
                "existing": [{"id": version["id"], "name": version["name"]} for version in existing],
                "not_compared": left_out,
                "choice": _choice(training_run),
                "seconds": found["seconds"],
            }
            training_run.save()
            _record_twins(training_run, at)
            deploy_after_training(training=training_run, at=at)
        registered = True
    finally:
        if not registered:
            remove_combined(combined)


def _record_twins(training_run, at):
    """Write down that customers came again under other ids, who are no new evidence."""
    if not training_run.combination["twins"]:
        return
    record_event(
        action="twins-found",
        company=training_run.company,
        actor=training_run.job.account,
        subject=str(training_run.version),
        at=at,
        model=training_run.version.pk,
        twins=training_run.combination["twins"],
        customers=training_run.input_data["accepted"],
    )


def _in_child(run, training_run, base, existing, work):
    with open_upload(training_run.upload_path) as upload:
        return learn_in_child(ENGINE, _arguments(training_run, base, existing, work, upload), run=run)


def _arguments(training_run, base, existing, work, upload):
    population = training_run.population
    return sources_for_child(training_run, base, upload) | {
        "folder": str(work),
        "invented": _invented(base),
        "model_type": training_run.model_type.slug,
        "params": training_run.parameters,
        "existing": existing,
        "slices": population.slices,
        "threshold": population.threshold,
        "value_column": population.value_column,
    }


def _invented(dataset):
    """Return the tables that `dataset` was made from whose customers the product made up, for the child."""
    if dataset is None or not dataset.holds_invented:
        return []
    if not dataset.is_combined:
        return [stored_for_child(dataset, verified_path(dataset))]
    added, found = dataset.added_dataset, _invented(dataset.parent_dataset)
    if added and added.holds_invented:
        run = TrainingRun.objects.get(upload_dataset=added)
        spec = run.input_data["spec"]
        found.append({"path": str(readable_path(added.file_path)), "spec": spec, "number": run.number})
    return found


def _existing(training_run, at):
    """Return what the new version is compared with, for the child, and the names of what it cannot be."""
    member = training_run.job.account and membership(training_run.job.account)
    company, population = training_run.company, training_run.population
    wanted = {"serving": serving_version(company, member, population)}
    if wanted["serving"] is None and population.company_id:
        # Nobody deployed one of these customers yet; the version before is what there is to beat.
        wanted["before"] = latest_version(company, population) or latest_made(company, population)
    first = the_first_version(training_run.model_type, population)
    if first and first != wanted["serving"]:
        wanted["v1"] = first
    existing, left_out = [], []
    for key, version in wanted.items():
        if version is None:
            continue
        try:
            files = verified_files(version, at=at).to_dict()
        except (DamagedArtefact, VersionNotServing):
            left_out.append(str(version))
            continue
        data = version.training_dataset
        existing.append(
            {
                "key": key,
                "id": version.pk,
                "name": str(version),
                "files": files,
                "data": data and stored_for_child(data, readable_path(data.file_path)),
            }
        )
    return existing, left_out


def _why_not_compared(existing, left_out):
    """Return what the comparison says where versions were made before, but none of them can be used."""
    if existing or not left_out:
        return {}
    verb = "is" if len(left_out) == 1 else "are"
    return {"sentence": f"Not compared: {' and '.join(left_out)} {verb} out of service."}


def _choice(training_run):
    """Return what the rule would have chosen: the default with the highest accuracy."""
    best = best_default(training_run.population)
    return {
        "pinned": training_run.model_type.slug,
        "most_accurate": best and best.model_type.slug,
        "name": best and str(best),
        "accuracy": best and best.metrics.accuracy,
    }
