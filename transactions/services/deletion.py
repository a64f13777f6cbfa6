"""A purchase log goes: its rows, then its objects."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction

from companies.identity import Member
from companies.selectors import done_by
from companies.services.audit import record_event
from companies.services.conditions import refuse_other_name
from core.errors import Conflict, Forbidden, NotFound
from core.files.store import remove_file
from core.files.stored import DATASETS, UTILS
from registry.services.populations import remove_if_unused
from transactions.models import AnalysisSession
from transactions.selectors import may_delete


class NotYourLog(Forbidden):
    code = "not-your-log"


class LogIsInUse(Conflict):
    code = "log-is-in-use"


class LogIsDeleted(NotFound):
    code = "log-is-deleted"


@transaction.atomic
def delete_analysis(*, analysis: AnalysisSession, typed: str, by: Member, at: datetime) -> None:
    """Delete a log with all that was made of it. Who deleted it, and how large it was, stays on record.

    Models that learned from its features stay, and so do their figures.

    Parameters
    ----------
    typed
        The name of the log, typed to confirm.

    Raises
    ------
    NotYourLog
        A user deletes those of colleagues.
    NameDiffers
        `typed` is another name.
    LogIsInUse
        A job is at work on it.
    LogIsDeleted
        Another click deleted it in this moment.
    """
    refuse_all_but_owners(analysis, by)
    refuse_other_name(typed, analysis.dataset.name)
    if not AnalysisSession.objects.select_for_update().filter(pk=analysis.pk).exists():
        raise _is_deleted(analysis)
    analysis = AnalysisSession.objects.get(pk=analysis.pk)
    matrices = list(analysis.matrices.select_related("dataset", "job"))
    if analysis.is_being_read or any(matrix.is_being_computed for matrix in matrices):
        raise LogIsInUse(f"“{analysis}” is being worked on. Cancel that first.")
    raw = analysis.dataset
    objects = [(DATASETS, name) for name in (raw.file_path, analysis.events_path, analysis.rejects_path)]
    objects += [(UTILS, name) for matrix in matrices for name in (matrix.parquet_path, matrix.csv_path)]
    record_event(
        action="log-deleted",
        company=analysis.company,
        actor=by.account,
        subject=str(analysis),
        at=at,
        log=str(analysis.pk),
        sha256=raw.sha256,
        rows=raw.row_count,
        matrices=len(matrices),
    )
    for matrix in matrices:
        if matrix.dataset:
            matrix.dataset.delete()
    # The session goes with its row of the log, and so do matrices that were never finished.
    raw.delete()
    if not analysis.is_ready and raw.population.created_at == raw.created_at:
        # The base was made with this file, which nobody has read as a log.
        remove_if_unused(population=raw.population, by=by.account, at=at)
    for bucket, name in objects:
        transaction.on_commit(partial(remove_file, bucket, name), robust=True)


def refuse_deleted(pk: UUID, member: Member) -> None:
    """Refuse what `member` deleted before, by the name that it had.

    Raises
    ------
    LogIsDeleted
    """
    if done := done_by(member.account, "log-deleted", log=str(pk)):
        raise _is_deleted(done.subject)


def _is_deleted(name):
    return LogIsDeleted(f"“{name}” was deleted, with everything that was made of it. Choose another log.")


def refuse_all_but_owners(analysis: AnalysisSession, member: Member) -> None:
    """Refuse whoever may work with a log and not delete it.

    Raises
    ------
    NotYourLog
    """
    if not may_delete(member, analysis):
        sender = analysis.account or "Somebody who left"
        ask = "them, or the developer" if analysis.account else "the developer"
        raise NotYourLog(
            f"{sender} sent “{analysis}”, and other results may rest on it. Ask {ask} of {member.company}."
        )
