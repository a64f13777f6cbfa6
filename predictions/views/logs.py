"""The doors from the page of a purchase log: score its customers, add newer data."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from companies.access import member_required
from core.errors import DomainError
from core.forms import SentOnceForm
from core.fragments import render_form
from core.redirects import go
from intake.views import receives_upload, upload_context
from predictions.selectors import runs_of_log, version_for_log
from predictions.services.logs import start_log_prediction
from predictions.services.renewing import start_newer_prediction
from transactions.forms import UploadForm
from transactions.selectors import analyses_for, ready_analyses_for


@member_required
@require_POST
def score(request, analysis):
    """Score the customers of a log as of its end; a refusal rises to the page of errors."""
    found = get_object_or_404(analyses_for(request.member), pk=analysis)
    form = SentOnceForm(request.POST)
    prediction = start_log_prediction(
        member=request.member,
        analysis=found,
        idempotency_key=form.idempotency_key if form.is_valid() else None,
        at=timezone.now(),
    )
    return _show(request, prediction)


@member_required
@require_http_methods(("GET", "HEAD", "POST"))
@receives_upload
def newer(request, analysis):
    """Ask for a newer export of the same customers; it is read and scored without further questions."""
    found = get_object_or_404(ready_analyses_for(request.member), pk=analysis)
    if request.method != "POST":
        return _page(request, found, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, found, form, status=400)
    try:
        prediction = start_newer_prediction(
            member=request.member,
            earlier=found,
            upload=form.upload,
            name=form.cleaned_data["name"],
            **form.reading,
            idempotency_key=form.idempotency_key,
            at=timezone.now(),
        )
    except DomainError as error:
        return _page(request, found, form, refusal=error, status=error.http_status)
    return _show(request, prediction)


def _page(request, analysis, form, *, refusal=None, status=200):
    context = upload_context(form, refusal) | {
        "analysis": analysis,
        "version": version_for_log(analysis),
        "sent_before": _sent_before(request, refusal),
        "again": {name: form.cleaned_data[name] for name in ("name", "token")} if refusal else {},
    }
    return render_form(request, "predictions/newer.html", context, status=status)


def _sent_before(request, refusal):
    """Return the log that a refused file was before, and what was predicted from it, if it was."""
    if refusal is None or "log" not in refusal.extra:
        return None
    log = analyses_for(request.member).get(pk=refusal.extra["log"])
    return {"log": log, "run": runs_of_log(log).finished().first()}


def _show(request, prediction) -> HttpResponse:
    url = reverse("predictions:result", args=(request.member.portal, prediction.uuid))
    return go(request, url)
