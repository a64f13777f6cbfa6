"""The columns of a log get their meaning, then a job reads all of its rows by one frozen specification."""

from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction

from companies.models import Account
from companies.services.locking import lock_company
from core.errors import Conflict, DomainError
from core.files.store import local_copy, remove_file, store_file
from core.files.stored import DATASETS
from jobs.runner import JobRun
from jobs.services import enqueue
from registry.models import Dataset
from tabular.errors import TableError
from tabular.logs.events import import_events_in_child
from tabular.logs.mapping import ROLES, EventSpec, freeze
from tabular.previews.preview import Preview
from transactions.files import new_events, scratch_folder
from transactions.models import AnalysisSession
from transactions.services.profiling import profile_of, say_doubt
from transactions.services.steps import steps_of_reading

TASK = "transactions.import"
EVENTS, REJECTS = "events.parquet", "rejects.csv"


class MappingRefused(DomainError):
    """The columns cannot be read that way; `code` is the kind of mistake, `field` the role it is about."""

    code = "mapping-refused"
    http_status = 422


class LogWasRead(Conflict):
    code = "log-was-read"


class ImportFailed(DomainError):
    code = "import-failed"
    http_status = 422


def freeze_mapping(
    *,
    analysis: AnalysisSession,
    mapping: dict[str, str],
    date_order: str | None,
    decimal: str | None = None,
    meanings: dict[str, str] | None = None,
) -> EventSpec:
    """Return how the log is read if its columns mean what `mapping` says.

    Raises
    ------
    MappingRefused
        A column cannot be what it is said to be, or the order of day and month has to be asked for.
    """
    if unknown := sorted(set(mapping) - set(ROLES)):
        raise MappingRefused(
            f"{unknown[0]} is nothing that a column can be. Choose one of: {', '.join(ROLES)}.",
            code="unknown-role",
            field="column_mapping",
        )
    try:
        return freeze(
            Preview.from_dict(analysis.preview),
            mapping,
            date_order=date_order or None,
            decimal=decimal or None,
            meanings=meanings,
        )
    except TableError as error:
        raise MappingRefused(
            error.message,
            code=error.kind,
            extra={"kind": error.kind, "line": error.line, "column": error.column},
        ) from error


@transaction.atomic
def start_import(
    *,
    analysis: AnalysisSession,
    mapping: dict[str, str],
    date_order: str | None = None,
    decimal: str | None = None,
    meanings: dict[str, str] | None = None,
    by: Account | None = None,
    at: datetime,
) -> AnalysisSession:
    """Freeze what the columns mean, and queue the log to be read.

    Parameters
    ----------
    mapping
        Role (see `tabular.logs.mapping`) to the name of a column.
    date_order
        ``"DMY"``, ``"MDY"`` or ``"YMD"``; needed only where the file leaves it open.
    meanings
        What words of the event type mean (``"purchase"``, ``"return"`` or ``"neither"``), where that is not
        what is known of them.
    by
        Who asks; default: who uploaded the log.

    Raises
    ------
    MappingRefused
        See `freeze_mapping`.
    LogWasRead
        The log is being read, or something was made of what was read.
    """
    lock_company(analysis.company_id)
    analysis = AnalysisSession.objects.select_related("company", "dataset", "account", "job").get(
        pk=analysis.pk
    )
    if analysis.is_being_read:
        raise LogWasRead(f"“{analysis}” is being read already. Wait for it, or cancel it.")
    if analysis.matrices.exists():
        raise LogWasRead(
            f"Features were made of “{analysis}” as it was read. "
            "Upload the file again to read it differently."
        )
    spec = freeze_mapping(
        analysis=analysis, mapping=mapping, date_order=date_order, decimal=decimal, meanings=meanings
    )
    analysis.mapping = mapping
    analysis.parse_spec = spec.to_dict()
    analysis.state = AnalysisSession.State.IMPORTING
    analysis.job = enqueue(
        task=TASK,
        title=f"Reading {analysis}",
        company=analysis.company,
        account=by or analysis.account,
        payload={"analysis": str(analysis.pk)},
        at=at,
    )
    analysis.save(update_fields=("mapping", "parse_spec", "state", "job"))
    return analysis


def import_log(*, run: JobRun, analysis: AnalysisSession, at: datetime) -> None:
    """Read all rows of a log and publish what came out, unless another attempt did.

    Parameters
    ----------
    run
        The attempt: shows progress, tells when to stop, and refuses to finish once another attempt took over.
    at
        Aware UTC instant; what happened later is a mistake of the file.
    """
    before = (analysis.events_path, analysis.rejects_path)
    # Names of their own for every attempt: two that overlap for a moment never write the same object.
    events, rejects = new_events(analysis.company)
    published = False
    run.plan(steps_of_reading(EventSpec.from_dict(analysis.parse_spec)))
    try:
        with local_copy(DATASETS, analysis.dataset.file_path) as source, scratch_folder() as folder:
            report = _read(run, analysis, source, folder, at)
            profile = profile_of(analysis, run=run, events=folder / EVENTS, report=report)
            report = report | say_doubt(profile, report["warnings"])
            store_file(DATASETS, events, folder / EVENTS)
            if report["rejected"]:
                store_file(DATASETS, rejects, folder / REJECTS)
        with run.finish():
            AnalysisSession.objects.filter(pk=analysis.pk).update(
                state=AnalysisSession.State.READY,
                import_report=report,
                events_path=events,
                rejects_path=rejects if report["rejected"] else "",
                profile=profile,
            )
            Dataset.objects.filter(pk=analysis.dataset_id).update(
                row_count=report["rows_in"], has_churn_label="label" in analysis.mapping
            )
            for name in before:
                transaction.on_commit(partial(remove_file, DATASETS, name), robust=True)
        published = True
    finally:
        if not published:
            for name in (events, rejects):
                remove_file(DATASETS, name)


def _read(run, analysis, source, folder, at):
    # Copies that reading needs are written beside what is read: here beside a link, not beside the object.
    link = folder / "log"
    link.symlink_to(source)
    try:
        report = run.in_child(
            import_events_in_child,
            link,
            EventSpec.from_dict(analysis.parse_spec),
            events_path=folder / EVENTS,
            rejects_path=folder / REJECTS,
            now=at,
            memory_mb=settings.UPLOAD_MEMORY_MB,
        )
    except TableError as error:
        raise ImportFailed(
            error.message,
            code=error.kind,
            extra={"kind": error.kind, "line": error.line, "column": error.column},
        ) from error
    return report.to_dict()
