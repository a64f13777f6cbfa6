from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from companies.access import member_required
from companies.services.conditions import NameDiffers
from core.downloads import CSV, UNKNOWN, plain_name
from core.files.store import send_object
from core.files.stored import DATASETS
from core.repeats import done_once
from transactions.presenting.findings import Reading
from transactions.presenting.sections import log_sections
from transactions.selectors import analyses_for, matrices_of
from transactions.services.deletion import (
    LogIsDeleted,
    delete_analysis,
    refuse_all_but_owners,
    refuse_deleted,
)

LOGS_PER_PAGE = 25


@member_required
@require_safe
def analyses(request):
    # A profile is long, and the list shows nothing of it.
    logs = analyses_for(request.member).defer("profile", "preview", "parse_spec")
    page = Paginator(logs, LOGS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "transactions/analyses.html", {"page": page})


@member_required
@require_safe
def analysis(request, analysis):
    """Show where a log stands: its columns are asked for, it is being read, or what was read of it."""
    found = find(request, analysis)
    if found.is_ready:
        context = {
            "analysis": found,
            "reading": Reading(found),
            "report": found.import_report,
            "matrices": matrices_of(found),
            "sections": log_sections.for_page(request.member, found),
            "step": "read",
        }
        return render(request, "transactions/analysis.html", context)
    if found.job is None:
        return redirect("transactions:columns", portal=request.member.portal, analysis=found.pk)
    return render(
        request, "transactions/reading.html", {"analysis": found, "job": found.job, "step": "columns"}
    )


@member_required
@require_safe
def download_raw(request, analysis):
    """Send back the file as it was uploaded, byte for byte, and never as something a browser would run."""
    found = find(request, analysis)
    stored = found.dataset.file_path
    name = plain_name(
        found.dataset.name.rpartition(".")[0] or found.dataset.name, f".{stored.rpartition('.')[2]}"
    )
    return send_object(request, DATASETS, stored, filename=name, content_type=UNKNOWN)


@member_required
@require_safe
def download_rejects(request, analysis):
    found = find(request, analysis)
    if not found.rejects_path:
        raise Http404
    name = plain_name(found.dataset.name.rpartition(".")[0] or found.dataset.name, "-left-out.csv")
    return send_object(request, DATASETS, found.rejects_path, filename=name, content_type=CSV)


def _logs(request):
    return reverse("transactions:analyses", args=(request.member.portal,))


@member_required
@require_http_methods(("GET", "HEAD", "POST"))
@done_once(LogIsDeleted, to=_logs)
def delete(request, analysis):
    if request.method == "POST":
        refuse_deleted(analysis, request.member)
    found = find(request, analysis)
    refuse_all_but_owners(found, request.member)
    error, status = "", 200
    if request.method == "POST":
        try:
            delete_analysis(
                analysis=found,
                typed=request.POST.get("confirm_name", ""),
                by=request.member,
                at=timezone.now(),
            )
        except NameDiffers as refusal:
            error, status = str(refusal), refusal.http_status
        else:
            messages.success(request, f"“{found}” was deleted, with everything that was made of it.")
            return redirect(_logs(request))
    context = {
        "analysis": found,
        "sentence": _what_goes(found),
        "error": error,
        "cancel_url": reverse("transactions:analysis", args=(request.member.portal, found.pk)),
    }
    return render(request, "transactions/delete.html", context, status=status)


def _what_goes(analysis):
    count = matrices_of(analysis).count()
    features = f", and {count} table{'s' if count > 1 else ''} of features" if count else ""
    return (
        f"The file, its {analysis.dataset.row_count:,} rows{features} are removed for good. Models that "
        "learned from it stay. This cannot be undone."
    )


def find(request, analysis):
    return get_object_or_404(analyses_for(request.member), pk=analysis)
