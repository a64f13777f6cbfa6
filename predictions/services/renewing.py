"""The Monday routine: a newer export of the same customers, read and scored without asking anything again."""

from datetime import datetime

from django.core.files.base import File

from companies.identity import Member
from predictions.models import Prediction
from predictions.selectors import runs_of_log, version_for_log
from predictions.services.logs import NoModelOfPurchases, start_log_prediction
from transactions.models import AnalysisSession
from transactions.services.renewal import start_newer_log


def start_newer_prediction(
    *,
    member: Member,
    earlier: AnalysisSession,
    upload: File,
    name: str = "",
    idempotency_key: str | None = None,
    at: datetime,
) -> Prediction:
    """Take in a newer log of the customers of `earlier`, and score them with what serves their base.

    Parameters
    ----------
    upload, name, idempotency_key
        As `transactions.services.renewal.start_newer_log` has them.

    Raises
    ------
    predictions.services.logs.NoModelOfPurchases
        Nothing serves the base yet; the file is not looked at.
    FileRefused, transactions.services.renewal.ColumnsDiffer, transactions.services.importing.MappingRefused
        The file cannot be read as `earlier` was. Nothing of it is left.
    """
    if version_for_log(earlier) is None:
        raise NoModelOfPurchases(f"No model serves {earlier.population} yet. Train one on “{earlier}” first.")
    analysis = start_newer_log(
        member=member, earlier=earlier, upload=upload, name=name, idempotency_key=idempotency_key, at=at
    )
    if begun := runs_of_log(analysis).first():
        return begun  # the same form, sent twice
    follows = runs_of_log(earlier).finished().first()
    return start_log_prediction(member=member, analysis=analysis, follows=follows, at=at)
