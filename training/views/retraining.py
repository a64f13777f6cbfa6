from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from companies.access import developer_required
from core.downloads import CSV, UNKNOWN, send_stored
from core.errors import DomainError
from ml.matrix.schemas import TELCO_V1
from registry.artefacts import media_path
from registry.samples import send_sample
from registry.uploads import (
    LEAVE_OUT,
    REJECTS_SUFFIX,
    FileRefused,
    receives_upload,
    send_refused_rows,
    upload_limit,
)
from training.forms import CampaignForm, StartForm, UploadForm
from training.presenting.findings import Findings
from training.selectors import list_training_runs, plan_for, training_runs_for
from training.services.retraining import check_upload, find_checked, start_retraining

SAMPLE_ROWS = 500
RUNS_PER_PAGE = 25


@developer_required
@require_http_methods(("GET", "HEAD", "POST"))
@receives_upload
def retrain(request):
    """Choose a file, see what is in it, say why, start: each step is a page that can be left."""
    if request.method == "POST":
        return _start(request) if "reason" in request.POST else _check(request)
    kept = request.GET.get("kept", "")
    if not kept:
        return _page(request, upload_form=UploadForm())
    bad_rows = LEAVE_OUT if request.GET.get("bad_rows") == LEAVE_OUT else ""
    return _page(
        request,
        checked=find_checked(kept, member=request.member),
        start_form=StartForm(initial={"kept": kept, "bad_rows": bad_rows}),
    )


def _check(request):
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, upload_form=form, status=400)
    chosen = form.cleaned_data
    try:
        checked = check_upload(
            member=request.member,
            upload=chosen["kept"] or chosen["file"],
            bad_rows=LEAVE_OUT if chosen["kept"] else chosen["bad_rows"],
        )
    except DomainError as error:
        return _page(request, upload_form=form, refusal=error, status=error.http_status)
    query = urlencode(
        {"kept": checked.token, "bad_rows": LEAVE_OUT if chosen["kept"] else chosen["bad_rows"]}
    )
    return _go(request, f"{reverse('training:new')}?{query}")


def _start(request):
    form = StartForm(request.POST)
    if not form.is_valid():
        kept = request.POST.get("kept", "")
        return _page(request, checked=find_checked(kept, member=request.member), start_form=form, status=400)
    chosen = form.cleaned_data
    try:
        run = start_retraining(
            member=request.member,
            upload=chosen["kept"],
            reason=chosen["reason"],
            bad_rows=chosen["bad_rows"],
            idempotency_key=form.idempotency_key,
            at=timezone.now(),
        )
    except DomainError as error:
        return _page(request, upload_form=UploadForm(), refusal=error, status=error.http_status)
    return _go(request, reverse("training:run", args=(run.uuid,)))


def _page(request, *, upload_form=None, start_form=None, checked=None, refusal=None, status=200):
    context = {
        "form": upload_form or start_form,
        "checked": checked,
        "refusal": refusal,
        "can_leave_out": isinstance(refusal, FileRefused) and refusal.kept,
        "plan": plan_for(request.member),
        "max_mb": upload_limit() // 1024 // 1024,
        "max_bytes": upload_limit(),
        "columns_needed": (TELCO_V1.id_column, *TELCO_V1.features, TELCO_V1.label.name),
    }
    part = "#refusal" if request.htmx and request.method == "POST" else ""
    return render(request, f"training/retrain.html{part}", context, status=status)


def _go(request, url):
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


@developer_required
@require_safe
def refused_rows(request):
    return send_refused_rows(request)


@developer_required
@require_safe
def sample(request):
    return send_sample("sample-customers-with-outcomes.csv", rows=SAMPLE_ROWS, with_outcomes=True)


# --- Runs ------------------------------------------------------------------------------------------------


@developer_required
@require_safe
def runs(request):
    page = Paginator(list_training_runs(request.member), RUNS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "training/runs.html", {"page": page})


@developer_required
@require_safe
def run(request, run):
    found = _found(request, run)
    if not found.is_done:
        return render(request, "training/running.html", {"run": found, "job": found.job})
    stored = found.comparison.get("campaign")
    form = CampaignForm.of(request, stored) if stored else None
    findings = Findings(found, campaign=form and form.campaign)
    part = "#profit" if request.htmx and stored else ""
    return render(
        request, f"training/result.html{part}", {"run": found, "findings": findings, "campaign_form": form}
    )


@developer_required
@require_safe
def download_upload(request, run):
    """Send back the file as it was uploaded, byte for byte, and never as something a browser would run."""
    path = media_path(_found(request, run).upload_path)
    return send_stored(request, path, name=f"upload{path.suffix}", content_type=UNKNOWN)


@developer_required
@require_safe
def download_rejects(request, run):
    path = media_path(f"{_found(request, run).upload_path}{REJECTS_SUFFIX}")
    return send_stored(request, path, name="left-out.csv", content_type=CSV)


def _found(request, run):
    return get_object_or_404(training_runs_for(request.member), uuid=run)
