"""Runs that begin with an upload: the file at its place, the row and its job, or nothing of the three.

What a run is for is decided above: to predict from the file or to learn from it.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import File
from django.db import models, transaction

from companies.identity import Member
from intake.services.stored import remove_upload, store_upload
from intake.services.waiting import WaitingUpload
from jobs.models import Job
from jobs.selectors import job_of_key, stored_key
from jobs.services import enqueue


@dataclass(frozen=True)
class Submission:
    """What somebody sent a file for. Sent twice under one key, it is one submission.

    Parameters
    ----------
    task
        Name of the handler that does it.
    kind
        What the run is called in the payload of its job.
    sent_key
        What the sender calls this one request, or None.
    """

    member: Member
    task: str
    kind: str
    sent_key: str | None

    @property
    def key(self) -> str | None:
        """The key of the request among all members: two of them may choose the same word."""
        return f"{self.member.account.pk}:{self.sent_key}" if self.sent_key else None

    @property
    def stored_key(self) -> str | None:
        """The same as rows keep it, also those that have no job yet."""
        return stored_key(self.key, company=self.member.company, task=self.task)


def run_of_earlier_send(
    submission: Submission, *, runs: models.Manager, upload: File | WaitingUpload | str | None = None
) -> models.Model | None:
    """Return the run that this very request began when it was sent before; a second file is dropped unread.

    To be asked first: a kept upload is gone once its run has begun, and checking it again takes minutes.
    """
    earlier = job_of_key(submission.key, company=submission.member.company, task=submission.task)
    if earlier is None:
        return None
    if isinstance(upload, WaitingUpload):
        upload.remove()
    return runs.get(job=earlier)


def start_run(
    submission: Submission,
    *,
    runs: models.Manager,
    waiting: WaitingUpload,
    stored: str,
    title: str,
    fields: dict,
    after: Iterable[Job] = (),
    at: datetime,
) -> models.Model:
    """Put a checked upload at its place and begin the run that reads it, with its job.

    Parameters
    ----------
    runs
        Where the row appears; it has a ``uuid``, a ``company``, a ``job`` and ``created_at``.
    stored
        Where the file lies from now on, as the row says it. Whatever fails, nothing of it is left there or in
        the waiting room.
    title
        What people read beside the progress bar.
    fields
        What else stands in the row.
    after
        Jobs that have to end first, however they do; read in the transaction that queues the run.
    """
    try:
        store_upload(waiting, stored)
        run, is_new = begin_run(
            submission, runs=runs, title=title, fields=fields, after=after, after_any_end=True, at=at
        )
    except BaseException:
        waiting.remove()
        remove_upload(stored)
        raise
    if not is_new:
        remove_upload(stored)
    return run


@transaction.atomic
def begin_run(
    submission: Submission,
    *,
    runs: models.Manager,
    title: str,
    fields: dict,
    after: Iterable[Job] = (),
    after_any_end: bool = False,
    at: datetime,
) -> tuple[models.Model, bool]:
    """Begin a run with its job, and tell whether this send did; otherwise an earlier one has.

    Parameters
    ----------
    runs, title, fields
        As `start_run` has them. The row is found again by its ``uuid``, which its job has too.
    after, after_any_end
        As `jobs.services.enqueue` has them.
    """
    public_id = uuid.uuid4()
    job = enqueue(
        task=submission.task,
        title=title[:255],
        company=submission.member.company,
        account=submission.member.account,
        payload={submission.kind: str(public_id)},
        idempotency_key=submission.key,
        after=after,
        after_any_end=after_any_end,
        at=at,
    )
    # The job of an earlier send comes with its run: both were committed together.
    return runs.get_or_create(
        job=job,
        defaults={"uuid": public_id, "company": submission.member.company, "created_at": at, **fields},
    )
