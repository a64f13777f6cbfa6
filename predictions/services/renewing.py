"""The Monday routine: a newer export of the same customers, read and scored without asking anything again."""

from datetime import datetime

from django.core.files.base import File

from companies.identity import Member
from intake.services.submissions import run_of_earlier_send
from predictions.models import Prediction
from predictions.selectors import runs_of_log, version_for_log
from predictions.services.logs import (
    NoModelOfPurchases,
    refuse_what_it_lacks,
    start_log_prediction,
    submission_of,
)
from transactions.models import AnalysisSession
from transactions.services.renewal import start_newer_log


def start_newer_prediction(
    *,
    member: Member,
    earlier: AnalysisSession,
    upload: File | str,
    name: str = "",
    encoding: str = "",
    sheet: str = "",
    largest: int | None = None,
    idempotency_key: str | None = None,
    at: datetime,
) -> Prediction:
    """Take in a newer log of the customers of `earlier`, and score them with what serves their base.

    Parameters
    ----------
    upload, name, encoding, sheet, largest, idempotency_key
        As `transactions.services.renewal.start_newer_log` has them; log and run are called alike.

    Raises
    ------
    predictions.services.logs.NoModelOfPurchases
        Nothing serves the base yet; the file is not looked at.
    predictions.services.logs.LogCannotBeScored
        Nor is it where what serves learned from columns that `earlier` does not have.
    FileRefused, transactions.services.renewal.ColumnsDiffer, transactions.services.importing.MappingRefused
        The file cannot be read as `earlier` was. Nothing of it is left.
    transactions.services.renewal.NothingNewer
        It tells of no later day. Nothing of it is left.
    """
    submission = submission_of(member, idempotency_key)
    if begun := run_of_earlier_send(submission, runs=Prediction.objects, upload=upload):
        return begun
    version = version_for_log(earlier)
    if version is None:
        raise NoModelOfPurchases(f"No model serves {earlier.population} yet. Train one on “{earlier}” first.")
    refuse_what_it_lacks(earlier, version)
    analysis = start_newer_log(
        member=member,
        earlier=earlier,
        upload=upload,
        name=name,
        encoding=encoding,
        sheet=sheet,
        largest=largest,
        idempotency_key=idempotency_key,
        at=at,
    )
    return start_log_prediction(
        member=member,
        analysis=analysis,
        follows=runs_of_log(earlier).finished().first(),
        idempotency_key=idempotency_key,
        at=at,
    )
