import json
from functools import lru_cache
from pathlib import Path

from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from companies.access import member_required
from core.downloads import plain_name, send_made
from core.kept import kept
from transactions.presenting.profile_charts import list_charts
from transactions.presenting.profile_findings import read_profile
from transactions.services.profiling import require_profile
from transactions.views.analyses import find

SHEET = Path(__file__).parents[1] / "report.css"
HTML, PDF, JSON = "text/html; charset=utf-8", "application/pdf", "application/json"


@kept
@member_required
@require_safe
def profile(request, analysis):
    found = find(request, analysis)
    if not found.is_ready:
        return redirect("transactions:analysis", portal=request.member.portal, analysis=found.pk)
    context = {
        "analysis": found,
        "profile": read_profile(found.profile) if found.profile else None,
        "charts": list_charts(found.profile, found.population.money) if found.profile else {},
        "step": "profile",
    }
    return render(request, "transactions/profile.html", _named(context))


@member_required
@require_safe
def download_html(request, analysis):
    found = find(request, analysis)
    return _download(found, _report(found), ".html", HTML)


@member_required
@require_safe
def download_pdf(request, analysis):
    # Slow to import, and most requests never need it.
    from weasyprint import HTML as Document

    found = find(request, analysis)
    return _download(
        found, Document(string=_report(found), url_fetcher=_fetch_nothing).write_pdf(), ".pdf", PDF
    )


@member_required
@require_safe
def download_json(request, analysis):
    found = find(request, analysis)
    return _download(found, json.dumps(require_profile(found), indent=1), ".json", JSON)


def _report(analysis):
    profile = require_profile(analysis)
    context = {
        "analysis": analysis,
        "profile": read_profile(profile),
        "charts": list_charts(profile, analysis.population.money),
        "printed": True,
        "sheet": _sheet(),
    }
    return render_to_string("transactions/profile_report.html", _named(context))


@lru_cache(maxsize=1)
def _sheet():
    # Inside the file, because it has to stand alone; no page of ours carries one.
    return format_html("<style>{}</style>", SafeString(SHEET.read_text()))


def _named(context):
    # Templates reach only names that are plain words.
    charts = {name.replace("-", "_"): chart for name, chart in context["charts"].items()}
    return context | {"charts": charts}


def _download(analysis, content, suffix, content_type):
    name = plain_name(str(analysis), f"-profile{suffix}", otherwise="log")
    return send_made(content, name=name, content_type=content_type)


def _fetch_nothing(url, *_, **__):
    """Refuse to open addresses: the report has everything inside, and texts of a log may look like one."""
    raise ValueError(f"The report opens no address: {url}")
