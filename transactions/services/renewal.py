"""A newer export of the customers of a log: read as that was, without asking anything again."""

from datetime import datetime
from functools import partial

from django.core.files.base import File
from django.db import transaction

from companies.identity import Member
from core.errors import Conflict, DomainError, Unprocessable
from core.files.store import remove_file
from core.files.stored import DATASETS
from registry.models import Dataset
from transactions.models import AnalysisSession
from transactions.services.importing import start_import
from transactions.services.uploads import start_analysis


class ColumnsDiffer(Unprocessable):
    code = "columns-differ"


class RefusedMeanwhile(Conflict):
    code = "refused-meanwhile"


def start_newer_log(
    *,
    member: Member,
    earlier: AnalysisSession,
    upload: File,
    name: str = "",
    largest: int | None = None,
    idempotency_key: str | None = None,
    at: datetime,
) -> AnalysisSession:
    """Take in a newer log of the customers of `earlier`, and queue it to be read by the same mapping.

    When a customer counts as lost is taken over as well. A log that cannot be read that way leaves nothing.

    Parameters
    ----------
    earlier
        A log of the company that was read.
    upload, name, largest, idempotency_key, at
        As `transactions.services.uploads.start_analysis` has them.

    Raises
    ------
    FileRefused
        With kind, line and column of what cannot be read.
    transactions.services.uploads.NotForPurchases
        The base of `earlier` was archived.
    ColumnsDiffer
        Columns are missing by which `earlier` was read; the sentence names them.
    transactions.services.importing.MappingRefused
        A column of that name holds something else now.
    """
    analysis = start_analysis(
        member=member,
        upload=upload,
        population=earlier.population,
        name=name,
        largest=largest,
        idempotency_key=idempotency_key,
        at=at,
    )
    if analysis.job_id is not None:
        return analysis  # the same form, sent twice
    try:
        return _read_once(analysis, earlier, member, at)
    except DomainError:
        _take_back(analysis)
        raise


@transaction.atomic
def _read_once(analysis, earlier, member, at):
    # Of two sends at once the second waits here: what the first has begun is neither begun again nor undone.
    found = AnalysisSession.objects.select_for_update().filter(pk=analysis.pk).first()
    if found is None:
        raise RefusedMeanwhile("The same file was sent twice, and refused the first time. Send it once more.")
    return found if found.job_id is not None else _read_alike(analysis, earlier, member, at)


def _read_alike(analysis, earlier, member, at):
    header = {column["name"].strip().casefold(): column["name"] for column in analysis.preview["columns"]}
    missing = [name for name in earlier.mapping.values() if name.strip().casefold() not in header]
    if missing:
        raise ColumnsDiffer(
            f"The file lacks {', '.join(missing)}, by which “{earlier}” was read; it has "
            f"{', '.join(header.values())}. Export it with the same columns, or add it as a new log.",
            field="file",
            extra={"missing": missing},
        )
    AnalysisSession.objects.filter(pk=analysis.pk).update(
        **{
            name: getattr(earlier, name)
            for name in ("horizon_days", "gap_days", "active_window_days", "configured_at")
        }
    )
    return start_import(
        analysis=analysis,
        mapping={role: header[name.strip().casefold()] for role, name in earlier.mapping.items()},
        **_answers(earlier.parse_spec),
        by=member.account,
        at=at,
    )


def _answers(spec):
    """Return how dates and numbers were written before, for a file that does not tell."""
    order = spec["date_order"]
    decimals = {written["decimal"] for written in spec["numbers"].values()} - {None}
    return {
        "date_order": order if order in ("DMY", "MDY") else None,
        "decimal": decimals.pop() if len(decimals) == 1 else None,
    }


@transaction.atomic
def _take_back(analysis):
    raw = Dataset.objects.filter(pk=analysis.dataset_id).first()
    if raw is None:
        return
    raw.delete()  # and with it the row of the log
    transaction.on_commit(partial(remove_file, DATASETS, raw.file_path), robust=True)
