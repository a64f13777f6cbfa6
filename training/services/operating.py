"""What operators order for a company, or for the installation: a retraining, a version trained once more."""

from datetime import datetime

from django.core.files.base import File
from django.db import transaction

from companies.identity import membership
from companies.models import Account, Company
from companies.selectors import developer_of
from companies.services.audit import record_event
from companies.services.conditions import LONGEST_REASON, one_line, refuse_all_but_operators
from core.errors import Conflict, DomainError
from intake.services.checking import REFUSE
from jobs.models import Job
from jobs.runner import JobRun
from jobs.services import enqueue
from registry.models import Dataset, ModelVersion
from registry.services.ledger import name_of
from training.models import TrainingRun
from training.services.retraining import start_retraining
from training.services.steps import REBUILDING, steps_of_rebuilding

REBUILD = "training.rebuild"


class BelongsToEverybody(DomainError):
    code = "no-company"


class NobodyToAnswer(Conflict):
    code = "no-developer"


class LearnedFromLog(Conflict):
    code = "learned-from-log"


def retrain_for(
    *,
    version: ModelVersion,
    company: Company | None = None,
    upload: File,
    reason: str,
    bad_rows: str = REFUSE,
    by: Account,
    at: datetime,
) -> TrainingRun:
    """Retrain `version`, its type for its customers, as the developer of a company would; the reason says by
    whom. The developer sees the run and cancels it.

    Parameters
    ----------
    company
        For whom; by default whose the version is. A default is nobody's.

    Raises
    ------
    OperatorsOnly
        `by` is none.
    BelongsToEverybody
        It is a default, and no company was named.
    NobodyToAnswer
        The company has no approved developer.
    DomainError
        As for `training.services.retraining.start_retraining`.
    """
    refuse_all_but_operators(by, act="retrains for a company")
    company = company or version.company
    if company is None:
        raise BelongsToEverybody(f"{version} belongs to everybody. Say for which company.", field="company")
    developer = developer_of(company)
    if developer is None:
        raise NobodyToAnswer(
            f"{company} has no approved developer, and nobody else retrains its models. Approve one first."
        )
    ordered = f" (ordered by {name_of(by)})"
    reason = one_line(reason)
    if reason:
        reason = f"{reason[: LONGEST_REASON - len(ordered)]}{ordered}"
    run = start_retraining(
        member=membership(developer.account),
        upload=upload,
        reason=reason,
        population=version.population,
        model_type=version.model_type.slug,
        bad_rows=bad_rows,
        at=at,
    )
    record_event(
        action="retraining-ordered", company=company, actor=by, subject=str(run), at=at, run=str(run.uuid)
    )
    return run


@transaction.atomic
def order_rebuild(*, version: ModelVersion, reason: str, by: Account, at: datetime) -> Job:
    """Queue a job that trains `version` once more and compares every prediction; nothing serves differently.

    Raises
    ------
    OperatorsOnly
        `by` is none.
    LearnedFromLog
        It learned from a purchase log, whose features are computed anew for each training.
    """
    refuse_all_but_operators(by, act="has a version rebuilt")
    dataset = version.training_dataset
    if dataset is not None and dataset.dataset_type != Dataset.Type.SNAPSHOT:
        raise LearnedFromLog(
            f"{version} learned from the features of a purchase log, which are computed anew for each "
            "training. Train on them again instead."
        )
    return enqueue(
        task=REBUILD,
        title=f"Rebuilding {version} of {version.company or 'everybody'}"[:255],
        company=version.company,
        account=by,
        payload={"version": version.pk, "reason": reason},
        at=at,
    )


def rebuild(*, run: JobRun, version: ModelVersion, at: datetime) -> None:
    """Do what `order_rebuild` queued. What came of it stands in the audit log; what differs fails the job.

    Raises
    ------
    DomainError
        As for `training.services.rebuilding.rebuild_version`.
    """
    # Imported here: it brings the learning libraries, and the pages that only order need none of them.
    from training.services.rebuilding import rebuild_version

    run.plan(steps_of_rebuilding(version.model_type))
    run.progress(REBUILDING)
    rebuilt = rebuild_version(version=version, at=at)
    with run.finish():
        record_event(
            action="version-rebuilt",
            company=version.company,
            actor=run.job.account,
            subject=str(version),
            at=at,
            model=version.pk,
            reason=run.payload["reason"],
            customers=rebuilt.customers,
            largest_difference=rebuilt.largest_difference,
            seconds=round(rebuilt.seconds, 1),
        )
