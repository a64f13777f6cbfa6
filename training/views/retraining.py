from pathlib import PurePosixPath
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from companies.access import developer_required
from companies.portals import DEVELOPERS
from core.downloads import CSV
from core.errors import DomainError
from core.files.media import send_media
from core.fragments import render_form
from core.kept import kept
from core.redirects import go
from intake.forms import TableForm
from intake.services.checking import LEAVE_OUT, letters_of_kept
from intake.services.stored import rejects_of
from intake.views import receives_upload, send_refused_rows, send_sample, upload_context
from registry.access import base_or_404
from registry.models import ModelType
from registry.presenting.base_columns import template_rows_of
from registry.presenting.quality import quality_of
from registry.selectors import snapshot_bases
from training.forms import CampaignForm, StartForm, StartTypeForm
from training.presenting.findings import RetrainingFindings
from training.presenting.links import log_links
from training.presenting.searches import show_search
from training.selectors import base_to_retrain, list_training_runs, plan_for, training_runs_for
from training.services.retraining import check_upload, find_checked, start_retraining, type_to_retrain

SAMPLE_ROWS = 500
RUNS_PER_PAGE = 25


@developer_required
@require_http_methods(("GET", "HEAD", "POST"))
@receives_upload
def retrain(request):
    """Choose a file, see what is in it, say why, start: each step is a page that can be left."""
    base = _base(request)
    if request.method == "POST":
        return _start(request, base) if "reason" in request.POST else _check(request, base)
    kept = request.GET.get("kept", "")
    if not kept:
        return _page(request, base, upload_form=TableForm())
    bad_rows = LEAVE_OUT if request.GET.get("bad_rows") == LEAVE_OUT else ""
    form = _start_form(base, initial={"kept": kept, "bad_rows": bad_rows})
    return _page(request, base, checked=find_checked(kept, member=request.member), start_form=form)


def _base(request):
    """Return the base whose customers are sent: that of ``?base=``, or else of the latest training."""
    asked = request.GET.get("base", "")
    if not asked:
        return base_to_retrain(request.member)
    found = base_or_404(request.member.company, asked)
    if found.is_log or found.is_archived:
        raise Http404
    return found


def _start_form(base, *args, **options):
    """Return the form that asks why; of a base of the company's own it asks for the type as well."""
    if base.company_id is None:
        return StartForm(*args, **options)
    suggested = type_to_retrain(base).slug
    types = list(ModelType.objects.all())
    return StartTypeForm(*args, types=types, suggested=suggested, searches=True, **options)


def _check(request, base):
    form = TableForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, base, upload_form=form, status=400)
    try:
        checked = check_upload(
            member=request.member,
            upload=form.upload,
            population=base,
            bad_rows=form.bad_rows,
            **form.reading,
            at=timezone.now(),
        )
    except DomainError as error:
        return _page(request, base, upload_form=form, refusal=error, status=error.http_status)
    return go(request, _address(base, kept=checked.token, bad_rows=form.bad_rows))


def _start(request, base):
    form = _start_form(base, request.POST)
    if not form.is_valid():
        kept = request.POST.get("kept", "")
        checked = find_checked(kept, member=request.member)
        return _page(request, base, checked=checked, start_form=form, status=400)
    chosen = form.cleaned_data
    try:
        run = start_retraining(
            member=request.member,
            upload=chosen["kept"],
            reason=chosen["reason"],
            population=base,
            model_type=chosen.get("model_type"),
            bad_rows=chosen["bad_rows"],
            idempotency_key=form.idempotency_key,
            at=timezone.now(),
        )
    except DomainError as error:
        return _page(request, base, upload_form=TableForm(), refusal=error, status=error.http_status)
    return go(request, reverse("training:run", args=(run.uuid,)))


def _address(base, **query):
    return f"{reverse('training:new')}?{urlencode({'base': base.uuid, **query})}"


def _template_of(base):
    """Return the template of a base of the company's own; that of the installation has a sample instead."""
    if base.company_id is None:
        return ""
    return f"{reverse('registry:base_template', args=(DEVELOPERS, base.uuid))}?for=train"


def _page(request, base, *, upload_form=None, start_form=None, checked=None, refusal=None, status=200):
    bases = snapshot_bases(request.member.company)
    context = {
        **upload_context(upload_form or start_form, refusal),
        "checked": checked,
        "letters": letters_of_kept(checked.token, checked.report.spec.encoding, member=request.member)
        if checked
        else [],
        "base": base,
        "bases": bases if len(bases) > 1 else [],
        "address": _address(base),
        "logs": log_links(request.member),
        "template_url": _template_of(base),
        "plan": plan_for(request.member, base),
        "columns_needed": template_rows_of(base, purpose="train")[0],
        "stayed": base.features.label.values[0],
    }
    return render_form(request, "training/retrain.html", context, status=status)


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
    return render(request, "training/runs.html", {"page": page, "logs": log_links(request.member)})


@kept
@developer_required
@require_safe
def run(request, run):
    found = _found(request, run)
    if not found.is_done:
        context = {"run": found, "job": found.job, "begins_anew": not found.population.datasets.exists()}
        if found.found_search:
            context["search_page"] = show_search(found.search, at=timezone.now())
        return render(request, "training/running.html", context)
    stored = found.comparison.get("campaign")
    form = CampaignForm.of(request, stored) if stored else None
    findings = RetrainingFindings(found, campaign=form and form.campaign)
    part = "#profit" if request.htmx and stored else ""
    context = {"run": found, "findings": findings, "campaign_form": form}
    if found.is_first and found.version:
        # There is nothing to compare a first version with: how good it is by itself is told instead.
        context["quality"] = quality_of(found.version)
    return render(request, f"training/result.html{part}", context)


@developer_required
@require_safe
def download_upload(request, run):
    """Send back the file as it was uploaded, byte for byte, and never as something a browser would run."""
    stored = _found(request, run).upload_path
    return send_media(request, stored, filename=f"upload{PurePosixPath(stored).suffix}")


@developer_required
@require_safe
def download_rejects(request, run):
    stored = rejects_of(_found(request, run).upload_path)
    return send_media(request, stored, filename="left-out.csv", content_type=CSV)


def _found(request, run):
    return get_object_or_404(training_runs_for(request.member), uuid=run)
