"""A newer export of the customers of a log: read as that was, without asking anything again."""

from datetime import datetime
from functools import partial

from django.core.files.base import File
from django.db import transaction

from companies.identity import Member
from core.errors import Conflict, DomainError, Unprocessable
from core.files.store import remove_file
from core.files.stored import DATASETS
from intake.services.checking import FileRefused
from registry.models import Dataset
from tabular.previews.preview import Preview
from tabular.previews.recognition import looks_like_customers
from transactions.models import AnalysisSession
from transactions.presenting.days import write_day
from transactions.services.importing import start_import
from transactions.services.uploads import start_analysis


class ColumnsDiffer(Unprocessable):
    code = "columns-differ"


class NothingNewer(Unprocessable):
    """The file tells of no later day; `extra` has the log that it was before, where it is the same file."""

    code = "nothing-newer"


class RefusedMeanwhile(Conflict):
    code = "refused-meanwhile"


def start_newer_log(
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
) -> AnalysisSession:
    """Take in a newer log of the customers of `earlier`, and queue it to be read by the same mapping.

    When a customer counts as lost is taken over as well. A log that cannot be read that way leaves nothing.

    Parameters
    ----------
    earlier
        A log of the company that was read.
    upload, name, encoding, sheet, largest, idempotency_key, at
        As `transactions.services.uploads.start_analysis` has them.

    Raises
    ------
    FileRefused
        With kind, line and column of what cannot be read.
    transactions.services.uploads.NotForPurchases
        The base of `earlier` was archived.
    ColumnsDiffer
        Columns are missing by which `earlier` was read; the sentence names them.
    NothingNewer
        It is the file of a log that is here, or ends no later than `earlier`.
    transactions.services.importing.MappingRefused
        A column of that name holds something else now.
    """
    options = {
        "member": member,
        "population": earlier.population,
        "name": name,
        "largest": largest,
        "idempotency_key": idempotency_key,
        "at": at,
    }
    try:
        analysis = start_analysis(upload=upload, encoding=encoding, sheet=sheet, **options)
    except FileRefused as refusal:
        said = _said_before(refusal, earlier.parse_spec["table"])
        if not said:
            raise
        analysis = start_analysis(upload=refusal.kept, **said, **options)
    if analysis.job_id is not None:
        return analysis  # the same form, sent twice
    try:
        return _read_once(analysis, earlier, member, at)
    except DomainError:
        _take_back(analysis)
        raise


def _said_before(refusal, table):
    """Return how a person said that the earlier file is read, where the newer one leaves the same open."""
    if table["encoding"] in {one.encoding for one in refusal.letters}:
        return {"encoding": table["encoding"]}
    return {"sheet": table["sheet"]} if table["sheet"] in refusal.sheets else {}


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
        raise _other_columns(analysis, earlier, missing, header)
    _refuse_same_file(analysis)
    _refuse_no_later_day(analysis, earlier, header[earlier.mapping["event_at"].strip().casefold()])
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


def _other_columns(analysis, earlier, missing, header):
    lacks = f"The file lacks {', '.join(missing)}, by which “{earlier}” was read"
    if why := looks_like_customers(Preview.from_dict(analysis.preview)):
        # Sentences of `tabular` begin with the name of a column.
        return ColumnsDiffer(
            f"{lacks}. {why} Give it to Predict, or learn from it under Customer bases.",
            field="file",
            extra={"missing": missing, "is_customers": True},
        )
    return ColumnsDiffer(
        f"{lacks}; it has {', '.join(header.values())}. Export it with the same columns, or "
        "add it as a new log.",
        field="file",
        extra={"missing": missing},
    )


def _refuse_same_file(analysis):
    logs = analysis.company.analyses.filter(population=analysis.population).exclude(pk=analysis.pk)
    same = logs.filter(
        state=AnalysisSession.State.READY, preview__table__sha256=analysis.preview["table"]["sha256"]
    ).first()
    if same is not None:
        raise NothingNewer(
            f"This very file is here already: it was sent on {write_day(same.created_at)} as “{same}”. "
            "Choose an export that was made later.",
            field="file",
            extra={"log": str(same.pk)},
        )


def _refuse_no_later_day(analysis, earlier, name):
    """Refuse what ends no later, where the first look tells when it ends."""
    column = Preview.from_dict(analysis.preview).column(name)
    if column.kind != "date" or column.date_order_ambiguous or column.maximum is None:
        return
    until, known_until = column.maximum, earlier.import_report["last_at"]
    if until[:10] <= known_until[:10]:
        raise NothingNewer(
            f"The file ends on {write_day(until)}, and “{earlier}” on {write_day(known_until)}: it has "
            "nothing newer. Choose an export that was made later.",
            field="file",
        )


def _answers(spec):
    """Return what was said of the earlier file, for one that does not tell: days, numbers and words."""
    order = spec["date_order"]
    decimals = {written["decimal"] for written in spec["numbers"].values()} - {None}
    return {
        "date_order": order if order in ("DMY", "MDY") else None,
        "decimal": decimals.pop() if len(decimals) == 1 else None,
        "meanings": spec.get("meanings"),
    }


@transaction.atomic
def _take_back(analysis):
    raw = Dataset.objects.filter(pk=analysis.dataset_id).first()
    if raw is None:
        return
    raw.delete()  # and with it the row of the log
    transaction.on_commit(partial(remove_file, DATASETS, raw.file_path), robust=True)
