"""A table of the company's own, from the file to its first training: each step is a page that can be left."""

from dataclasses import replace
from urllib.parse import urlencode

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from companies.access import developer_required
from core.downloads import CSV, send_made
from core.errors import DomainError
from core.forms import SentOnceForm
from core.fragments import render_form
from core.redirects import go
from intake.forms import TableForm
from intake.presenting.samples import sample_members
from intake.services.checking import FileRefused, letters_of_kept
from intake.services.waiting import UploadIsGone
from intake.views import receives_upload, send_refused_rows, upload_context
from registry.models import ModelType
from tabular.snapshots.plan import suggest
from training.forms import DescribeTableForm, FirstTrainingForm
from training.presenting.own_tables import MOST_PREVIEW_ROWS, seen_columns, why_this_outcome
from training.selectors import bases_of_file
from training.services.own_tables import (
    check_choices,
    find_seen,
    latest_choices,
    look_at_table,
    name_after,
    start_first_training,
)
from training.services.retraining import USUAL_OWN_TYPE, training_of_key, training_of_upload

# --- The file --------------------------------------------------------------------------------------------


@developer_required
@require_http_methods(("GET", "HEAD", "POST"))
@receives_upload
def new_base(request):
    if request.method != "POST":
        return _file_page(request, TableForm(initial={"kept": request.GET.get("kept", "")}))
    form = TableForm(request.POST, request.FILES)
    if not form.is_valid():
        return _file_page(request, form, status=400)
    try:
        seen = look_at_table(member=request.member, upload=form.upload, **form.reading)
    except DomainError as error:
        return _file_page(request, form, refusal=error, status=error.http_status)
    return go(request, _step("training:describe_base", seen.token))


def _file_page(request, form, *, refusal=None, status=200):
    context = upload_context(form, refusal, member=request.member)
    return render_form(request, "training/own/file.html", context, status=status)


def _step(view, token, **more):
    return f"{reverse(view)}?{urlencode({'kept': token, **more})}"


@developer_required
@require_safe
def sample(request):
    return send_made(sample_members(), name="sample-members.csv", content_type=CSV)


@developer_required
@require_safe
def refused_rows(request):
    return send_refused_rows(request)


# --- What its columns are --------------------------------------------------------------------------------


@developer_required
@require_http_methods(("GET", "HEAD", "POST"))
def describe_base(request):
    try:
        return _describe(request, request.GET.get("kept", ""))
    except UploadIsGone as gone:
        return _led_to_its_training(request, gone)


def _describe(request, token):
    seen = find_seen(token, member=request.member)
    latest = latest_choices(token, member=request.member)
    choices = latest[0] if latest else suggest(seen.inferred)
    name = request.GET.get("name") or name_after(seen.name, request.member.company)
    sent = request.POST if request.method == "POST" else None
    form = DescribeTableForm(sent, inferred=seen.inferred, choices=choices, initial={"name": name})
    if sent is None:
        return _columns_page(request, seen, form, choices)
    if not form.is_valid():
        return _columns_page(request, seen, form, choices, status=400)
    try:
        check_choices(
            member=request.member,
            token=token,
            choices=form.choices,
            bad_rows=form.cleaned_data["bad_rows"],
            at=timezone.now(),
        )
    except FileRefused as error:
        return _refused_columns(request, seen, form, error)
    return go(request, _step("training:train_base", token, name=form.cleaned_data["name"]))


def _refused_columns(request, seen, form, error):
    """Say at its field what the table cannot be read as; what is about rows stands above all fields."""
    field = None if error.rejected else form.field_of(error.extra.get("column"), error.code)
    choices = form.choices
    if field:
        form.add_error(field, error.message)
    return _columns_page(
        request, seen, form, choices, refusal=None if field else error, status=error.http_status
    )


def _columns_page(request, seen, form, choices, *, refusal=None, status=200):
    header = {name.strip().casefold() for name in seen.preview.header}
    context = {
        "seen": seen,
        "form": form,
        "refusal": refusal,
        "columns": [
            {"seen": column, **_fields_of(form, column.place)}
            for column in seen_columns(seen.inferred, choices)
        ],
        "outcome_reason": why_this_outcome(seen.inferred, choices),
        "letters": letters_of_kept(seen.token, seen.preview.encoding, member=request.member),
        "rows": seen.preview.rows[:MOST_PREVIEW_ROWS],
        "known": [
            {"base": base, "has_outcome": base.features.label.name.strip().casefold() in header}
            for base in bases_of_file(request.member.company, header)
        ],
    }
    return render(request, "training/own/columns.html", context, status=status)


def _fields_of(form, place):
    """Return the fields of one column; those that are not asked of it are missing."""
    names = {what: f"{what}-{place}" for what in ("kind", "use", "order", "decimal")}
    return {what: form[name] for what, name in names.items() if name in form.fields}


# --- Checked, and learned from ---------------------------------------------------------------------------


@developer_required
@require_http_methods(("GET", "HEAD", "POST"))
def train_base(request):
    try:
        return _check_and_train(request, request.GET.get("kept", ""))
    except UploadIsGone as gone:
        return _led_to_its_training(request, gone)


def _led_to_its_training(request, gone):
    """Lead whoever comes back to the page of a file that was taken along to the training it began.

    Raises `gone` where it began none.
    """
    sent = SentOnceForm(request.POST)
    run = training_of_key(request.member, sent.idempotency_key) if sent.is_valid() else None
    run = run or training_of_upload(request.member, request.GET.get("kept", ""))
    if run is None:
        raise gone
    return go(request, reverse("training:run", args=(run.uuid,)))


def _check_and_train(request, token):
    seen = find_seen(token, member=request.member)
    latest = latest_choices(token, member=request.member)
    if latest is None:
        return go(request, _step("training:describe_base", token))
    choices, bad_rows = latest
    checked = check_choices(
        member=request.member, token=token, choices=choices, bad_rows=bad_rows, at=timezone.now()
    )
    form = _training_form(request, checked)
    name = request.GET.get("name") or name_after(seen.name, request.member.company)
    context = {"seen": seen, "checked": checked, "form": form, "name": name}
    if request.method == "POST" and form.is_valid():
        return _begin(request, latest, context)
    return render(request, "training/own/train.html", context, status=400 if form.errors else 200)


def _begin(request, latest, context):
    try:
        run = _start(request, latest, context)
    except UploadIsGone:
        raise
    except DomainError as error:
        context |= {"refusal": error}
        return render(request, "training/own/train.html", context, status=error.http_status)
    return go(request, reverse("training:run", args=(run.uuid,)))


def _training_form(request, checked):
    return FirstTrainingForm(
        request.POST if request.method == "POST" else None,
        types=list(ModelType.objects.all()),
        suggested=USUAL_OWN_TYPE,
        searches=True,
        leaks=checked.leaks,
        numbers=_amounts(checked),
    )


def _amounts(checked):
    """Return the columns that may say what a customer is worth: numbers, and no ages of dates."""
    written = {column.name for column in checked.plan.features if column.kind == "number"}
    return [column.name for column in checked.schema.numeric if column.name in written]


def _start(request, latest, context):
    (choices, bad_rows), form = latest, context["form"]
    found = form.cleaned_data
    left_out = dict.fromkeys((*choices.left_out, *form.left_out))
    return start_first_training(
        member=request.member,
        token=context["seen"].token,
        base_name=context["name"],
        choices=replace(choices, left_out=tuple(left_out)),
        model_type=found["model_type"],
        keep_leaking=form.kept,
        value_column=found["value_column"] or None,
        currency=found["currency"],
        bad_rows=bad_rows,
        idempotency_key=form.idempotency_key,
        at=timezone.now(),
    )
