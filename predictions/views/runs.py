from pathlib import PurePosixPath
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from companies.access import developer_required, member_required
from core.downloads import CSV, XLSX, plain_name, send_pieces
from core.errors import DomainError
from core.files.media import send_media
from core.fragments import render_form
from core.kept import kept
from core.redirects import go
from intake.services.stored import rejects_of
from intake.views import receives_upload, send_refused_rows, send_sample, upload_context
from predictions import files
from predictions.engines.kinds import LEFT, STAYED
from predictions.engines.queries import read_query, word_of
from predictions.engines.results import CHANGE, CUSTOMER, OUTCOME
from predictions.forms import HistoryFilter, PredictionForm
from predictions.presenting.columns import ResultColumns
from predictions.presenting.logs import CHANGE_NAMES
from predictions.presenting.summary import Findings
from predictions.selectors import (
    base_to_begin_with,
    bases_of_history,
    earlier_run,
    log_to_begin_with,
    open_table,
    people_of,
    predictions_for,
    thresholds_of,
    version_choices,
    versions_of_history,
)
from predictions.services import exports
from predictions.services.runs import start_prediction
from registry.access import base_or_404
from registry.selectors import champion_for, offered_versions, snapshot_bases

ROWS_PER_PAGE = 50
SAMPLE_ROWS = 200


# --- Predict ---------------------------------------------------------------------------------------------


@kept
@member_required
@receives_upload
def predict(request):
    member = request.member
    if not request.GET and request.method != "POST" and (log := log_to_begin_with(member)):
        return redirect(f"{reverse('transactions:analysis', args=(member.portal, log.pk))}#scores")
    again = _again(request)
    base = _base(request, again)
    champion = champion_for(member, base)
    form = PredictionForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        versions=version_choices(member, base),
        champion=champion,
        has_dates=bool(base.dates),
        initial=_begin_with(request, again),
    )
    refusal = None
    if request.method == "POST":
        if form.is_valid():
            try:
                prediction = _start(member, form)
            except DomainError as error:
                refusal = error
            else:
                url = reverse("predictions:result", args=(member.portal, prediction.uuid))
                return go(request, url)
        status = refusal.http_status if refusal else 400
    else:
        status = 200
    context = {
        **upload_context(form, refusal, member=member),
        "champion": champion,
        "again": _to_send_again(form) if refusal else {},
        "base": base,
        "address": f"{request.path}?{urlencode({'base': base.uuid})}",
        "bases": snapshot_bases(member.company),
    }
    return render_form(request, "predictions/predict.html", context, status=status)


def _start(member, form):
    chosen = form.cleaned_data
    return start_prediction(
        member=member,
        name=chosen["name"],
        version=chosen["model"],
        upload=form.upload,
        bad_rows=form.bad_rows,
        as_of=chosen.get("as_of"),
        **form.reading,
        idempotency_key=form.idempotency_key,
        at=timezone.now(),
    )


def _to_send_again(form):
    """Return what is sent once more with a file that was kept."""
    chosen = form.cleaned_data
    sent = {"name": chosen["name"], "model": chosen["model"].pk, "token": chosen["token"]}
    return sent | ({"as_of": chosen["as_of"].isoformat()} if chosen.get("as_of") else {})


def _again(request):
    """Return the earlier prediction whose name and model the form begins with, where there is one."""
    earlier = request.GET.get("again", "")
    found = predictions_for(request.member).filter(uuid=earlier).first() if _is_uuid(earlier) else None
    return None if found is None or found.reads_log else found


def _begin_with(request, again):
    """Return what the form begins with: an earlier prediction, or a file that was sent on from elsewhere."""
    found = {"name": again.prediction_name, "model": again.model} if again else {}
    sent_on = {name: request.GET[name] for name in ("name", "kept") if request.GET.get(name)}
    return found | sent_on


def _base(request, again):
    """Return the customers that the form is about: those that were asked for, or those of its model."""
    bases = snapshot_bases(request.member.company)
    if asked := request.GET.get("base", ""):
        return get_object_or_404(bases, pk=base_or_404(request.member.company, asked).pk)
    sent = request.POST.get("model", "")
    if sent.isdecimal():
        found = bases.filter(pk__in=offered_versions(request.member).filter(pk=sent).values("population"))
    elif again:
        found = bases.filter(pk=again.population_id)
    else:
        return base_to_begin_with(request.member)
    return found.first() or base_to_begin_with(request.member)


@member_required
@require_safe
def refused_rows(request):
    return send_refused_rows(request)


@member_required
@require_safe
def sample(request):
    return send_sample("sample-customers.csv", rows=SAMPLE_ROWS, with_outcomes=False)


# --- Result ----------------------------------------------------------------------------------------------


@kept
@member_required
@require_safe
def result(request, run):
    prediction = found_for(request, run)
    if not prediction.is_done:
        return render(request, "predictions/running.html", {"prediction": prediction, "job": prediction.job})
    customers = _customers(request, prediction)
    if request.htmx and request.htmx.target == "found":
        return render(request, "predictions/result.html#found", customers)
    return render(
        request,
        "predictions/result.html",
        {**customers, "findings": Findings(prediction, earlier_run(prediction))},
    )


def _customers(request, prediction):
    called = ResultColumns(prediction)
    table = open_table(prediction)
    wanted = _wanted(request, prediction, table)
    table = table.asking(wanted.query)
    page = Paginator(table, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    columns = [
        {**column, "word": word_of(column["name"]), "places": _places(column, page.object_list)}
        for column in called.shown
        if column["name"] in table.columns
    ]
    rows = [
        {
            "customer": row[CUSTOMER],
            "probability": row["_probability"],
            "tier": row["_tier"],
            "line": row["_line"],
            "change": row.get(CHANGE, ""),
            "cells": [
                {"value": called.value(column["name"], row[column["name"]]), **column} for column in columns
            ],
        }
        for row in page.object_list
    ]
    return {
        "prediction": prediction,
        "columns": columns,
        "rows": rows,
        "page": page,
        "wanted": wanted,
        "group": called.group,
        "tier_names": list(prediction.result["tiers"]),
        # What a filter offers: nothing where no result was there to compare with.
        "change_names": _offered_changes(prediction) if CHANGE in table.columns else {},
        "outcomes": (LEFT, STAYED) if OUTCOME in table.columns else (),
        "fits_workbook": len(table) <= files.MOST_WORKBOOK_ROWS,
    }


def _offered_changes(prediction):
    """Return the changes that a customer of the table has: who lapsed meanwhile is in another list."""
    scored = prediction.result["changes"]["scored"]
    return {kind: name for kind, name in CHANGE_NAMES.items() if scored[kind]}


def _wanted(request, prediction, table):
    summary = prediction.result
    return read_query(request.GET, columns=table.columns, tiers=summary["tiers"], group=summary["group"])


def _places(column, rows):
    # One number of places for a whole column: digits that stand below each other can be compared at a glance.
    if not column["numeric"]:
        return 0
    values = [row[column["name"]] for row in rows if row[column["name"]] is not None]
    return 0 if all(float(value).is_integer() for value in values) else 2


# --- Downloads -------------------------------------------------------------------------------------------


@member_required
@require_safe
def download_csv(request, run):
    prediction = _finished(request, run)
    name = files.download_name(prediction.prediction_name, "-result.csv", as_of=prediction.as_of)
    return send_media(request, prediction.result_dataset_path, filename=name, content_type=CSV)


@member_required
@require_safe
def download_xlsx(request, run):
    prediction = _finished(request, run)
    name = files.download_name(prediction.prediction_name, "-result.xlsx", as_of=prediction.as_of)
    return send_pieces(request, exports.workbook(prediction), name=name, content_type=XLSX)


@member_required
@require_safe
def download_customers(request, run):
    """Send the customers that the current filter leaves, as CSV."""
    prediction = _finished(request, run)
    table = open_table(prediction)
    wanted = _wanted(request, prediction, table)
    name = files.download_name(prediction.prediction_name, "-selection.csv", as_of=prediction.as_of)
    pieces = exports.selection(prediction, table.asking(wanted.query))
    return send_pieces(request, pieces, name=name, content_type=CSV)


@member_required
@require_safe
def download_customers_xlsx(request, run):
    """Send the customers that the current filter leaves, as a workbook."""
    prediction = _finished(request, run)
    wanted = _wanted(request, prediction, open_table(prediction))
    name = files.download_name(prediction.prediction_name, "-selection.xlsx", as_of=prediction.as_of)
    return send_pieces(request, exports.workbook(prediction, wanted), name=name, content_type=XLSX)


@require_safe
@developer_required
def download_changed_sides(request, run):
    """Send the customers whom the challenger judges differently, as CSV; users see nothing of it."""
    prediction = _finished(request, run)
    name = plain_name(prediction.prediction_name, "-changed-sides.csv")
    return send_pieces(
        request, exports.changed_sides(prediction, thresholds_of(prediction)), name=name, content_type=CSV
    )


@member_required
@require_safe
def download_upload(request, run):
    """Send back the file as it was uploaded, byte for byte, and never as something a browser would run."""
    prediction = found_for(request, run)
    stored = _upload_of(prediction)
    name = plain_name(prediction.prediction_name, f"-upload{PurePosixPath(stored).suffix}")
    return send_media(request, stored, filename=name)


@member_required
@require_safe
def download_rejects(request, run):
    prediction = found_for(request, run)
    stored = rejects_of(_upload_of(prediction))
    name = plain_name(prediction.prediction_name, "-left-out.csv")
    return send_media(request, stored, filename=name, content_type=CSV)


@member_required
@require_safe
def download_lapsed(request, run):
    """Send who of a purchase log was not scored, because they have left already."""
    return _send_beside(request, run, files.lapsed_beside, "-lapsed.csv")


@member_required
@require_safe
def download_changes(request, run):
    """Send whom this result or the one before it names, those who are new first."""
    return _send_beside(request, run, files.changes_beside, "-changes.csv")


def _send_beside(request, run, beside, ending):
    prediction = _finished(request, run)
    name = plain_name(prediction.prediction_name, ending)
    return send_media(request, beside(prediction.result_dataset_path), filename=name, content_type=CSV)


# --- History ---------------------------------------------------------------------------------------------

HISTORY_SORTS = {
    "date": ("created_at", "id"),
    "name": ("prediction_name", "id"),
    "model": ("model__name", "model__number", "id"),
}


@member_required
@require_safe
def history(request):
    member = request.member
    everything = predictions_for(member)
    chosen = HistoryFilter(
        request.GET,
        queryset=everything,
        member=member,
        people=people_of(member.company),
        versions=versions_of_history(member),
        bases=bases_of_history(member),
    )
    found = chosen.qs if chosen.form.is_valid() else everything.none()
    page = Paginator(_sorted(found, request.GET.get("sort", "-date")), 25).get_page(request.GET.get("page"))
    return render(
        request,
        "predictions/history.html",
        {"filter": chosen, "page": page, "has_any": everything.exists()},
    )


def _sorted(found, sort):
    fields = HISTORY_SORTS.get(sort.removeprefix("-"), HISTORY_SORTS["date"])
    return (
        found.order_by(*(f"-{field}" for field in fields))
        if sort.startswith("-")
        else found.order_by(*fields)
    )


# --- Shared ----------------------------------------------------------------------------------------------


def found_for(request, run):
    """Return a prediction of the member's company; one of another company is not there."""
    return get_object_or_404(predictions_for(request.member), uuid=run)


def _finished(request, run):
    prediction = found_for(request, run)
    if not prediction.is_done:
        raise Http404
    return prediction


def _upload_of(prediction):
    # The file of a purchase log belongs to the log, and is downloaded there.
    if not prediction.upload_dataset_path:
        raise Http404
    return prediction.upload_dataset_path


def _is_uuid(text):
    try:
        UUID(text)
    except ValueError:
        return False
    return True
