"""A table of a company's own: looked at, described by its people, and learned from for the first time."""

import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import PurePath

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from companies.identity import Member
from companies.models import Company
from companies.services.conditions import checked_reason
from companies.services.locking import lock_company
from core.errors import Unprocessable
from intake.limits import upload_limit
from intake.services.belonging import belongs_elsewhere
from intake.services.checking import (
    REFUSE,
    FileRefused,
    ask_how_to_read,
    belongs_by_header,
    preview_upload,
    said_of,
)
from intake.services.submissions import run_of_earlier_send
from intake.services.waiting import UploadIsGone, WaitingUpload, find_kept, keep, take_in
from ml.matrix.schemas import FeatureSchema
from registry.models import Population
from registry.services.populations import LONGEST_NAME, change_population, create_population, free_name
from tabular.children import read_in_child
from tabular.errors import TableError, counted
from tabular.previews.preview import Preview
from tabular.snapshots.check import CheckReport
from tabular.snapshots.inference import Inferred, infer_table_in_child
from tabular.snapshots.plan import Choices, SnapshotPlan, freeze, suggest
from tabular.values.schema import TrainingRules
from training.models import TrainingRun
from training.presenting.leaks import STOP, WARN, Leak, describe_leaks
from training.presenting.notes import notes_on
from training.selectors import base_without_model
from training.services.retraining import (
    SAY_WHY,
    SEARCH,
    USUAL_OWN_TYPE,
    find_type,
    queue_training,
    submission_of,
)
from training.services.runs import refuse_others

ENGINE = "training.engines.own_tables:examine"
# Under these names the notes beside an upload tell what was found in it.
SEEN, CHECKED = "seen", "checked"
FIRST_REASON = "The first model of these customers."
# By so many columns, of so few values, the figures of a version are shown in parts.
MOST_SLICES, MOST_PARTS = 3, 6


class ColumnsKnowAnswer(Unprocessable):
    """`extra` names the columns, ``leaking``."""

    code = "columns-know-answer"


@dataclass(frozen=True)
class SeenTable:
    """A table that was looked at, what its columns are taken for, and the token to go on with."""

    token: str
    name: str
    preview: Preview
    inferred: Inferred


@dataclass(frozen=True)
class CheckedTable:
    """A table as its people described it, and what speaks for and against learning from it.

    Parameters
    ----------
    plan, schema
        How files of these customers are read, and what a model reads of them.
    notes
        Sentences about what else was found: twins, columns that are not learned from, row numbers for ids.
    rows, left
        How many customers, and how many of them left.
    """

    plan: SnapshotPlan
    schema: FeatureSchema
    report: CheckReport
    leaks: tuple[Leak, ...]
    notes: tuple[str, ...]
    rows: int
    left: int


# --- Looked at -------------------------------------------------------------------------------------------


def look_at_table(
    *, member: Member, upload: File | WaitingUpload | str, encoding: str = "", sheet: str = ""
) -> SeenTable:
    """Take a table in, propose what its columns are, and keep it for an hour.

    Parameters
    ----------
    upload
        What came with a form, or an upload that was kept, by itself or by its token: then it is looked at
        anew, and as what it was described is forgotten.
    encoding, sheet
        As for `intake.services.checking.take_in_table`.

    Raises
    ------
    OnlyDevelopers
        `member` is a user.
    FileRefused
        It cannot be read, or belongs elsewhere (`belongs`). Nothing of it is left, except where its owner can
        go on with it (`kept`): elsewhere, or after saying how it is read (`letters`, `sheets`).
    """
    refuse_others(member)
    waiting = find_kept(upload, member=member) if isinstance(upload, str) else None
    try:
        waiting = waiting or take_in(upload)
        preview, inferred = _look(waiting, said_of(waiting, encoding=encoding, sheet=sheet))
    except TableError as error:
        if waiting and (asked := ask_how_to_read(error, waiting, member=member)):
            raise asked from error
        if waiting:
            waiting.remove()
        raise FileRefused(error, belongs=belongs_by_header(error, member=member)) from error
    except BaseException:
        if waiting:
            waiting.remove()
        raise
    if belongs := belongs_elsewhere(preview, member=member):
        found = TableError("wrong_mapping", belongs.sentence)
        raise FileRefused(found, kept=keep(waiting, member=member), belongs=belongs)
    waiting.write_note(SEEN, {"preview": preview.to_dict(), "inferred": inferred.to_dict()})
    waiting.write_note(CHECKED, None)
    return SeenTable(keep(waiting, member=member), waiting.name, preview, inferred)


def find_seen(token: str, *, member: Member) -> SeenTable:
    """Return what `look_at_table` found in the file that it gave `token` for.

    Raises
    ------
    UploadIsGone
        The hour is over, or the token is somebody else's.
    """
    waiting = find_kept(token, member=member)
    seen = waiting.read_note(SEEN)
    if seen is None:
        raise UploadIsGone("The file was not looked at to its end. Please choose it again.", field="file")
    preview, inferred = Preview.from_dict(seen["preview"]), Inferred.from_dict(seen["inferred"])
    return SeenTable(token, waiting.name, preview, inferred)


def latest_choices(token: str, *, member: Member) -> tuple[Choices, str] | None:
    """Return as what a table was described last, and what was to be done with rows that cannot be read.

    None before its first check. Raises `UploadIsGone` as `find_seen` does.
    """
    known = find_kept(token, member=member).read_note(CHECKED)
    if known is None:
        return None
    choices = known["asked"]["choices"]
    return Choices(**choices | {"left_out": tuple(choices["left_out"])}), known["asked"]["bad_rows"]


def _look(waiting, said):
    preview = preview_upload(waiting, **said)
    inferred = infer_table_in_child(waiting.path, preview, **_limits(settings.UPLOAD_MEMORY_MB))
    _refuse_few(inferred.rows)
    return preview, inferred


def _refuse_few(rows):
    """Say first what makes every other question idle: of so few rows no column tells what it is."""
    least = TrainingRules().minimum_rows
    if rows < least:
        raise TableError(
            "too_few_rows",
            f"The file has {counted(rows, 'row')}; a model learns from at least {least} customers of whom it "
            "is known who left. Add more customers; or, where a model is trained already, open Predict, "
            "which takes even a single one.",
        )


def _limits(megabytes):
    return {"memory_bytes": megabytes * 1024 * 1024, "seconds": settings.UPLOAD_SECONDS}


def choose(
    inferred: Inferred,
    *,
    outcome: str | None = None,
    left_value: str | None = None,
    id_column: str | None = None,
    leave_out: Collection[str] = (),
    learn_from: Collection[str] = (),
    kinds: dict[str, str] | None = None,
    date_orders: dict[str, str] | None = None,
    decimals: dict[str, str] | None = None,
) -> Choices:
    """Return what is suggested for a table, but for what somebody says of it.

    Parameters
    ----------
    left_value
        By default the one that the outcome itself speaks of; written in small or capital letters.
    leave_out, learn_from
        Columns beside those that are proposed to be left out, and of those some to learn from.
    """
    suggested = suggest(inferred)
    outcome = outcome or suggested.outcome
    named = next((found for found in inferred.outcomes if found.column == outcome), None)
    if named is not None:
        spelled = {value.strip().casefold(): value for value, _ in named.values}
        wanted = left_value or named.left_value
        left_value = wanted and spelled.get(wanted.strip().casefold(), wanted)
    return Choices(
        outcome=outcome,
        left_value=left_value,
        id_column=id_column or suggested.id_column,
        kinds=kinds or {},
        left_out=tuple(dict.fromkeys(c for c in (*suggested.left_out, *leave_out) if c not in learn_from)),
        date_orders=date_orders or {},
        decimals=decimals or {},
    )


# --- Described -------------------------------------------------------------------------------------------


def check_choices(
    *, member: Member, token: str, choices: Choices, bad_rows: str = REFUSE, at: datetime
) -> CheckedTable:
    """Check a table as its people describe it; what was found is remembered for the same choices.

    Parameters
    ----------
    token
        From `look_at_table`.
    bad_rows
        ``"refuse"`` the file for a single row that cannot be read, or ``"leave_out"`` such rows.
    at
        Aware UTC instant of the request: dates are counted back from no later day.

    Raises
    ------
    FileRefused
        What is still to be said, or why nothing can be learned; the file stays kept under its token.
    UploadIsGone
        The hour is over.
    """
    refuse_others(member)
    seen = find_seen(token, member=member)
    waiting = find_kept(token, member=member)
    today = timezone.localdate(at).isoformat()
    asked = json.loads(json.dumps({"choices": asdict(choices), "bad_rows": bad_rows, "today": today}))
    known = waiting.read_note(CHECKED)
    if known is None or known["asked"] != asked:
        known = {"asked": asked, **_examined(waiting, token, seen.inferred, choices, bad_rows, today)}
        waiting.write_note(CHECKED, known)
        # Where several machines share the waiting room, the others are told as well.
        keep(waiting, member=member)
    return _checked_table(known, seen.inferred)


def _examined(waiting, token, inferred, choices, bad_rows, today):
    # What an earlier check listed is no list of this one.
    waiting.rejects_path.unlink(missing_ok=True)
    try:
        plan = freeze(inferred, choices)
        found = read_in_child(
            ENGINE,
            {
                "path": str(waiting.path),
                "plan": plan.to_dict(),
                "bad_rows": bad_rows,
                "rejects_path": str(waiting.rejects_path),
                "max_bytes": upload_limit(),
                "today": today,
                **said_of(waiting),
            },
            **_limits(settings.TRAINING_MEMORY_MB),
        )
    except TableError as error:
        raise FileRefused(error, kept=token) from error
    # Who is scored later, alone or in a file, is never younger than those who were learned from.
    plan = replace(plan, reference=found["report"]["spec"]["reference"])
    return {"plan": plan.to_dict(), **found}


def _checked_table(found, inferred):
    report = CheckReport.from_dict(found["report"])
    plan = SnapshotPlan.from_dict(found["plan"])
    return CheckedTable(
        plan=plan,
        schema=FeatureSchema.from_dict(found["schema"]),
        report=report,
        leaks=describe_leaks(found["alone"], found["marks"], dict(inferred.ask_about)),
        notes=notes_on(plan, report, inferred, found["not_learned"]),
        rows=report.accepted,
        left=found["left"],
    )


# --- Learned from ----------------------------------------------------------------------------------------


def start_first_training(
    *,
    member: Member,
    token: str,
    base_name: str,
    choices: Choices,
    model_type: str = USUAL_OWN_TYPE,
    reason: str = "",
    keep_leaking: Collection[str] = (),
    value_column: str | None = None,
    currency: str = "",
    bad_rows: str = REFUSE,
    on_checked: Callable[[CheckedTable], object] = lambda checked: None,
    idempotency_key: str | None = None,
    at: datetime,
) -> TrainingRun:
    """Make a customer base of a table and queue its first training: both, or nothing of either.

    A base of that name whose first training ended without a model is described anew.

    Parameters
    ----------
    base_name
        What people find the customers by; empty for the name of the file.
    model_type
        Slug of any type, or `SEARCH`.
    reason
        Why, beside the version.
    keep_leaking
        Columns that are learned from although each alone tells who left: it stands on every card.
    value_column
        The number that says what a customer is worth a month, where there is one, and its `currency`.
    on_checked
        Told what was found in the table, before anything that was found may refuse it.

    Raises
    ------
    ColumnsKnowAnswer
        A column alone tells who left, and is neither left out nor kept by name.
    FileRefused, UploadIsGone
        As for `check_choices`.
    NameTaken, PopulationRefused
        As for `registry.services.populations.create_population`.
    UnknownModelType
        There is no such type.
    """
    refuse_others(member)
    submission = submission_of(member, idempotency_key)
    if earlier := run_of_earlier_send(submission, runs=TrainingRun.objects, upload=token):
        return earlier
    chosen_type = find_type(USUAL_OWN_TYPE if model_type == SEARCH else model_type)
    reason = checked_reason(reason.strip() or FIRST_REASON, missing=SAY_WHY)
    checked = check_choices(member=member, token=token, choices=choices, bad_rows=bad_rows, at=at)
    on_checked(checked)
    kept = _kept_leaks(checked, keep_leaking)
    waiting = find_kept(token, member=member)
    with transaction.atomic():
        # Held, so that of two who send the same at once the second finds the run of the first.
        lock_company(member.company.pk)
        if earlier := run_of_earlier_send(submission, runs=TrainingRun.objects, upload=waiting):
            return earlier
        described = _described(checked, choices, kept, value_column) | {"currency": currency}
        name = base_name.strip() or name_after(waiting.name, member.company)
        population = _base_called(name, member=member, described=described, at=at)
        return queue_training(
            submission,
            population=population,
            model_type=chosen_type,
            reason=reason,
            waiting=waiting,
            report=replace(checked.report, warnings=checked.notes),
            title=f"First training of {population}",
            searches=model_type == SEARCH,
            at=at,
        )


def start_from_file(
    *,
    member: Member,
    upload: File,
    said: dict,
    encoding: str = "",
    sheet: str = "",
    idempotency_key: str | None = None,
    at: datetime,
    **options,
) -> TrainingRun:
    """Do for a program in one step what people do in three; a refusal leaves nothing of the file.

    Parameters
    ----------
    said
        What `choose` takes.
    options
        What else `start_first_training` takes.

    Raises
    ------
    DomainError
        As for `look_at_table` and `start_first_training`.
    """
    refuse_others(member)
    submission = submission_of(member, idempotency_key)
    if earlier := run_of_earlier_send(submission, runs=TrainingRun.objects, upload=upload):
        return earlier
    try:
        seen = look_at_table(member=member, upload=upload, encoding=encoding, sheet=sheet)
    except FileRefused as refusal:
        if refusal.kept:
            find_kept(refusal.kept, member=member).remove()
        raise
    waiting = find_kept(seen.token, member=member)
    try:
        return start_first_training(
            member=member,
            token=seen.token,
            choices=choose(seen.inferred, **said),
            idempotency_key=idempotency_key,
            at=at,
            **options,
        )
    except BaseException:
        waiting.remove()
        raise


def _base_called(name, *, member, described, at):
    """Return a base of that name: a new one, or the one whose first training ended without a model."""
    who = {"by": member.account, "at": at}
    if empty := base_without_model(member.company, name):
        return change_population(population=empty, **who, **described)
    kind = Population.Kind.SNAPSHOT
    return create_population(company=member.company, name=name, kind=kind, **who, **described)


def _kept_leaks(checked, keep_leaking):
    """Return the columns that are learned from although they tell too much, with how much they tell.

    The sentence is kept of those that tell of some customers only.
    """
    stopping = {leak.column: leak for leak in checked.leaks if leak.level == STOP}
    if open_ones := sorted(set(stopping) - set(keep_leaking)):
        told = " ".join(stopping[column].sentence for column in open_ones)
        raise ColumnsKnowAnswer(told, field="left_out", extra={"leaking": open_ones})
    return [
        {"column": leak.column, "auc": leak.auc} | ({} if leak.tells_all else {"sentence": leak.sentence})
        for leak in checked.leaks
        if leak.level in (STOP, WARN)
    ]


def _described(checked, choices, kept, value_column):
    """Return what makes a customer base of a table."""
    schema, plan = checked.schema, checked.plan
    stayed, left = schema.label.values
    roles = {"id": schema.id_column, "outcome": schema.label.name, "left": left}
    definition = {"column": choices.outcome, "left": choices.left_value}
    return {
        "schema": schema.to_dict(),
        "reading": plan.to_dict(),
        "roles": roles | ({"value": value_column} if value_column else {}),
        "definition": definition | ({"kept_leaks": kept} if kept else {}),
        "wording": {c.name: {"label": c.label} for c in plan.columns if c.label != c.name},
        "slices": [c.name for c in schema.categorical if len(c.levels) <= MOST_PARTS][:MOST_SLICES],
    }


def name_after(filename: str, company: Company) -> str:
    """Return what the customers of a file may be called: a name that no model has been given yet."""
    words = PurePath(filename).stem.replace("_", " ").replace("-", " ").split()
    # Room for the number that tells it from an earlier one.
    name = " ".join(words).capitalize()[: LONGEST_NAME - 4].strip() or "Customers"
    return name if base_without_model(company, name) else free_name(company, name)
