"""A purchase log comes in: it is looked at, stored and written down, or nothing of it stays."""

import uuid
from datetime import datetime
from functools import partial

from django.core.files.base import File
from django.db import IntegrityError, transaction

from companies.identity import Member
from companies.services.conditions import one_line
from core.errors import Conflict, DomainError
from core.files.store import remove_file, store_file
from core.files.stored import DATASETS
from intake.services.belonging import PURCHASE_LOG, belongs_elsewhere
from intake.services.checking import FileRefused, ask_how_to_read, belongs_by_header, preview_upload, said_of
from intake.services.submissions import Submission
from intake.services.waiting import WaitingUpload, find_kept, take_in
from ml.samples.invented import is_invented
from registry.models import Dataset, Population
from registry.services.populations import (
    PURCHASES,
    VISITS,
    NameTaken,
    create_population,
    purchases_of,
    refuse_others,
)
from tabular.errors import TableError
from tabular.logs.mapping import guess_mapping, seems_of_visits
from tabular.previews.preview import Preview
from transactions.files import new_raw
from transactions.models import AnalysisSession
from transactions.services.closures import closed_days_of

# No job does it: among the keys of senders it stands for this service.
TASK = "transactions.upload"
NO_NAME = "Purchase log"


class NotForPurchases(Conflict):
    code = "not-for-purchases"


class NameTooLong(DomainError):
    code = "name-too-long"


def start_analysis(
    *,
    member: Member,
    upload: File | WaitingUpload | str,
    population: Population | None = None,
    new_base: str = "",
    name: str = "",
    has_churn_label: bool | None = None,
    encoding: str = "",
    sheet: str = "",
    largest: int | None = None,
    idempotency_key: str | None = None,
    at: datetime,
) -> AnalysisSession:
    """Look at the beginning of a log and, where it can be read, keep it until its columns are named.

    Parameters
    ----------
    member
        Who sends it; the log belongs to the company.
    upload
        What came with a form, or a file that lies in the waiting room already, by itself or by its token. It
        is never left behind, except where the refusal says under which token it is kept for an hour.
    population
        Whose purchases; by default the base that the company's logs are of, made with the first of them.
    new_base
        Name of a customer base to be made of this log, where its customers are none of those that are here.
    name
        What people find it by; default: the name of the file.
    has_churn_label
        What the sender says about a column with outcomes; None where nobody asked.
    encoding, sheet
        As for `intake.services.checking.take_in_table`.
    largest
        Size in bytes up to which a file is accepted, where that is not the limit of uploads.
    idempotency_key
        Sent twice by the same member, the first log comes back and the second file is dropped unread.
    at
        Aware UTC instant of the request.

    Raises
    ------
    FileRefused
        With kind, line and column of what cannot be read.
    NotForPurchases
        The base was archived, is another company's, or has no logs; or one is named and a new one as well.
    UploadIsGone
        The hour of a kept upload is over.
    registry.services.populations.MayNotChangeBase, NameTaken, PopulationRefused
        A user asks for a new base, or its name is taken or too long.
    """
    submission = Submission(member=member, task=TASK, kind="analysis", sent_key=idempotency_key)
    if earlier := _begun_by(submission):
        if isinstance(upload, WaitingUpload):
            upload.remove()
        return earlier
    name = one_line(name)
    if len(name) > 255:
        raise NameTooLong("Give the log a name of at most 255 characters.", field="name")
    waiting = find_kept(upload, member=member) if isinstance(upload, str) else None
    try:
        waiting = waiting or take_in(upload, largest=largest)
        _refuse_base(population, new_base, member)
        preview = preview_upload(waiting, largest=largest, **said_of(waiting, encoding=encoding, sheet=sheet))
        _refuse_other_files(preview, member)
        find_base = partial(_base_of, member, population, new_base, preview, at)
        return _keep(submission, waiting, preview, find_base, name, has_churn_label, at)
    except TableError as error:
        if waiting and (asked := ask_how_to_read(error, waiting, member=member)):
            waiting = None
            raise asked from error
        raise FileRefused(error, belongs=belongs_by_header(error, member=member)) from error
    finally:
        if waiting:
            waiting.remove()


def _refuse_other_files(preview, member):
    """Refuse what was made of a log or of customers here, and is none itself."""
    belongs = belongs_elsewhere(preview, member=member)
    if belongs and belongs.what != PURCHASE_LOG:
        raise FileRefused(TableError("wrong_mapping", belongs.sentence), belongs=belongs)


def _refuse_base(population, new_base, member):
    company = member.company
    if new_base:
        if population is not None:
            raise NotForPurchases(f"Name {population} or a new customer base, not both.", field="new_base")
        refuse_others(company, member.account)
    if population is None:
        return
    if population.company_id != company.pk or not population.is_log:
        raise NotForPurchases(
            f"{company} has no purchase logs of {population}. Choose customers whose purchases are kept, or "
            "leave it out."
        )
    if population.is_archived:
        raise NotForPurchases(f"{population} was archived. Add the file as a new log.")


def _base_of(member, population, new_base, preview, at):
    """Return the base that the log belongs to, made where there is none yet."""
    if not new_base:
        called = VISITS if seems_of_visits(preview) else PURCHASES
        return population or purchases_of(company=member.company, called=called, at=at)
    return create_population(
        company=member.company, name=new_base, kind=Population.Kind.LOG, by=member.account, at=at
    )


def _begun_by(submission):
    """Return the log that this very request began when it was sent before."""
    key = submission.stored_key
    return AnalysisSession.objects.filter(idempotency_key=key).first() if key else None


def _keep(submission, waiting, preview, find_base, name, has_churn_label, at):
    stored = new_raw(submission.member.company, preview.format)
    try:
        store_file(DATASETS, stored, waiting.path)
        return _write_down(submission, preview, stored, waiting, find_base, name, has_churn_label, at)
    except BaseException as error:
        remove_file(DATASETS, stored)
        # The other of two sends at once won: a unique column or a lock made us wait until its row was there.
        if isinstance(error, (IntegrityError, NameTaken)) and (earlier := _begun_by(submission)):
            return earlier
        raise


@transaction.atomic
def _write_down(submission, preview: Preview, stored, waiting, find_base, name, has_churn_label, at):
    member, base = submission.member, find_base()
    dataset = Dataset.objects.create(
        company=member.company,
        population=base,
        name=name or waiting.name[:255] or NO_NAME,
        file_path=stored,
        bucket_name=DATASETS,
        dataset_type=Dataset.Type.RAW,
        created_at=at,
        original_filename=waiting.name[:255],
        sha256=preview.table.sha256,
        size_bytes=preview.table.size,
        row_count=preview.rows_in_file,
        has_churn_label=has_churn_label,
        holds_invented=is_invented(preview.table.sha256),
    )
    guesses = {role: guess.to_dict() for role, guess in guess_mapping(preview).items()}
    return AnalysisSession.objects.create(
        id=uuid.uuid4(),
        company=member.company,
        population=base,
        dataset=dataset,
        account=member.account,
        created_at=at,
        idempotency_key=submission.stored_key,
        preview={**preview.to_dict(), "guesses": guesses},
        closed_days=closed_days_of(member.company, base),
    )
