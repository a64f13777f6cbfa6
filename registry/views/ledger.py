"""The ledger: every change of what serves the company, and what served it at any instant."""

import csv
import io

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from companies.access import developer_required
from core.downloads import CSV, send_made
from registry.forms import InstantForm, LedgerFilter
from registry.selectors import ledger_of, serving_at, visible_versions
from tabular.source.danger import harmless

LINES_PER_PAGE = 50
COLUMNS = ("line", "at_utc", "action", "model", "role", "person", "reason", "customer_base")


@require_safe
@developer_required
def ledger(request):
    company = request.member.company
    found = _filter(request)
    asked = InstantForm(request.GET)
    at = asked.cleaned_data["at"] if asked.is_valid() else None
    context = {
        "filter": found,
        "page": Paginator(found.qs, LINES_PER_PAGE).get_page(request.GET.get("page")),
        "has_any": company.deployment_events.exists(),
        "instant": asked if asked.data.get("at") else InstantForm(initial={"at": timezone.now()}),
        "at": at,
        "serving": serving_at(company, at) if at else None,
        "zone": timezone.get_current_timezone_name(),
    }
    return render(request, "registry/ledger.html", context)


@require_safe
@developer_required
def ledger_csv(request):
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    for event in _filter(request).qs.order_by("sequence"):
        cells = (
            event.sequence, event.at.isoformat(), event.action, str(event.version), event.role,
            event.actor_name, event.reason, str(event.population),
        )  # fmt: skip
        lines.writerow([harmless(cell) for cell in cells])
    return send_made(text.getvalue(), name="ledger.csv", content_type=CSV)


def _filter(request):
    company = request.member.company
    actors = company.deployment_events.order_by("actor_name").values_list("actor_name", flat=True).distinct()
    versions = visible_versions(company).filter(events__company=company).distinct()
    return LedgerFilter(request.GET, queryset=ledger_of(company), versions=versions, actors=actors)
