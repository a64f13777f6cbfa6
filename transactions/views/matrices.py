from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from companies.access import member_required
from core.downloads import CSV, UNKNOWN, plain_name
from core.errors import DomainError
from core.files.store import send_object
from core.files.stored import UTILS
from core.fragments import render_form
from core.redirects import go
from transactions.cutoffs import plan_features
from transactions.forms import FeaturesForm
from transactions.presenting.findings import MatrixFindings
from transactions.selectors import matrices_of, ready_analyses_for
from transactions.services.matrices import start_features
from transactions.views.analyses import find


@member_required
@require_http_methods(("GET", "HEAD", "POST"))
def features(request, analysis):
    """List what was computed from a log, and start computing more."""
    found = get_object_or_404(ready_analyses_for(request.member), pk=analysis)
    if request.method != "POST":
        return _page(request, found, FeaturesForm(initial={"feature_set": "retail_v1"}))
    form = FeaturesForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=400)
    try:
        matrix = start_features(analysis=found, by=request.user, at=timezone.now(), **form.cleaned_data)
    except DomainError as error:
        return _page(request, found, form, refusal=error, status=error.http_status)
    return go(request, reverse("transactions:matrix", args=(request.member.portal, found.pk, matrix.pk)))


def _page(request, analysis, form, *, refusal=None, status=200):
    context = {
        "analysis": analysis,
        "form": form,
        "refusal": refusal,
        "matrices": matrices_of(analysis),
        "plan": plan_features(analysis=analysis),
        "step": "features",
    }
    return render_form(request, "transactions/features.html", context, status=status)


@member_required
@require_safe
def matrix(request, analysis, matrix):
    found = _find(request, analysis, matrix)
    context = {"analysis": found.analysis, "matrix": found, "step": "features"}
    if not found.is_ready:
        return render(request, "transactions/computing.html", {**context, "job": found.job})
    return render(request, "transactions/matrix.html", {**context, "findings": MatrixFindings(found)})


@member_required
@require_safe
def download_csv(request, analysis, matrix):
    found = _find(request, analysis, matrix)
    return _send(request, found, found.csv_path, ".csv", CSV)


@member_required
@require_safe
def download_parquet(request, analysis, matrix):
    found = _find(request, analysis, matrix)
    return _send(request, found, found.parquet_path, ".parquet", UNKNOWN)


def _send(request, found, stored, suffix, content_type):
    if not stored:
        raise Http404
    log = found.analysis.dataset.name
    name = plain_name(log.rpartition(".")[0] or log, f"-{found.feature_set}{suffix}")
    return send_object(request, UTILS, stored, filename=name, content_type=content_type)


def _find(request, analysis, matrix):
    return get_object_or_404(matrices_of(find(request, analysis)), pk=matrix)
