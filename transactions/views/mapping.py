from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from companies.access import member_required
from core.errors import DomainError
from core.fragments import render_form
from core.redirects import go
from registry.presenting import links
from tabular.logs.mapping import REQUIRED
from tabular.previews.preview import Preview
from tabular.previews.recognition import looks_like_customers
from transactions.forms import MappingForm
from transactions.presenting.roles import ROLES
from transactions.services.handing_over import NoSuchDoor
from transactions.services.handing_over import hand_over as hand_file_over
from transactions.services.importing import start_import
from transactions.views.analyses import find


@member_required
@require_http_methods(("GET", "HEAD", "POST"))
def columns(request, analysis):
    """Show the first rows and what was recognised; take what the columns mean, and begin to read."""
    found = find(request, analysis)
    preview = Preview.from_dict(found.preview)
    if request.method != "POST":
        return _page(request, found, preview, MappingForm(preview=preview, initial=_begin_with(found)))
    form = MappingForm(request.POST, preview=preview)
    if not form.is_valid():
        return _page(request, found, preview, form, status=400)
    try:
        start_import(
            analysis=found,
            mapping=form.mapping,
            date_order=form.cleaned_data["date_order"],
            decimal=form.cleaned_data["decimal"],
            meanings=form.meanings,
            by=request.user,
            at=timezone.now(),
        )
    except DomainError as error:
        return _page(request, found, preview, form, refusal=error, status=error.http_status)
    return go(request, reverse("transactions:analysis", args=(request.member.portal, found.pk)))


@member_required
@require_POST
def hand_over(request, analysis):
    """Take the file of a log that is none to where its owner says it belongs."""
    found = find(request, analysis)
    doors = {door.url for door in _doors(request.member)}
    door = request.POST.get("to", "")
    if door not in doors:
        raise NoSuchDoor("Say where the file goes.")
    token = hand_file_over(analysis=found, member=request.member, at=timezone.now())
    return go(request, f"{door}?{urlencode({'kept': token})}")


def _doors(member):
    """Return where a table goes that has one row for each customer."""
    return [*links.base_actions.contents(member, None), *links.doors_for_tables.contents(member)]


def _begin_with(analysis):
    """Return what was chosen before, or what was guessed."""
    if analysis.mapping:
        return {**analysis.mapping, "meanings": analysis.parse_spec.get("meanings", {})}
    return {role: guess["column"] for role, guess in analysis.preview["guesses"].items()}


def _page(request, analysis, preview, form, *, refusal=None, status=200):
    open_dates = [column for column in preview.columns if column.date_order_ambiguous]
    open_numbers = [column for column in preview.columns if column.decimal_ambiguous]
    context = {
        "analysis": analysis,
        "preview": preview,
        "form": form,
        "refusal": refusal,
        "is_customers": looks_like_customers(preview),
        "doors": _doors(request.member),
        "roles": _roles(form, preview, analysis.preview["guesses"]),
        "dated": [column for column in preview.columns if column.kind == "date"],
        "has_lakhs": any(column.lakhs for column in preview.columns),
        "open_dates": open_dates,
        "asks_order": bool(open_dates),
        "open_numbers": open_numbers,
        "asks_decimal": bool(open_numbers),
        "rows": [{"line": row["line"], "cells": _cells(row, preview)} for row in preview.rows],
    }
    return render_form(request, "transactions/columns.html", context, status=status)


def _roles(form, preview, guesses):
    rows = []
    for role in ROLES:
        if role == "time" and not _offers_times(form, preview):
            continue
        rows.append(
            {
                "is_either": role == "amount",
                "field": form[role],
                "reason": _reason(role, preview, guesses),
                "is_required": role in REQUIRED,
            }
        )
    return rows


def _offers_times(form, preview):
    """Tell whether a time of day can be chosen: hardly any log has a column for it."""
    return any(column.kind == "time" for column in preview.columns) or bool(form["time"].value())


def _reason(role, preview, guesses):
    if guess := guesses.get(role):
        return f"{guess['column']}: {guess['reason']}"
    dates = guesses.get("event_at")
    if role == "time" and dates and preview.column(dates["column"]).has_own_times:
        return f"{dates['column']}: its dates have times already, so no other column is needed"
    return ""


def _cells(row, preview):
    """Pair each text with what was read, where that looks different."""
    cells = []
    for column, text, value in zip(preview.columns, row["texts"], row["values"], strict=True):
        read = ""
        if column.kind == "date" and value is not None:
            day = value.removesuffix(" 00:00:00")
            read = "" if text.strip() in (value, day) else day
        elif column.kind == "time" and value is not None:
            read = "" if text.strip() in (value, value.removesuffix(":00")) else value
        elif column.kind == "number" and value is not None:
            shown = f"{value:.15g}"
            read = "" if text.strip() == shown or _is_plain(text, value) else shown
        cells.append({"text": text, "read": read, "is_number": column.kind == "number"})
    return cells


def _is_plain(text, value):
    """Tell whether `text` is a number that everybody reads alike: 8.50 beside 8.5 explains nothing."""
    try:
        return "_" not in text and float(text) == value
    except ValueError:
        return False
