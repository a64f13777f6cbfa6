from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from companies.access import developer_required
from core.errors import DomainError
from core.fragments import render_form
from core.redirects import go
from registry.presenting.lacking import what_it_lacks
from registry.selectors import champion_that_serves
from training.forms import LogTrainingForm
from training.presenting.log_models import Verdict
from training.selectors import trainings_of
from training.services.log_training import train_on_log
from transactions.cutoffs import plan_features
from transactions.selectors import analyses_for, ready_analyses_for


@developer_required
@require_http_methods(("GET", "HEAD", "POST"))
def model(request, analysis):
    """Say what would be learned from a log, and train; list what was trained."""
    found = get_object_or_404(ready_analyses_for(request.member), pk=analysis)
    if request.method != "POST":
        return _page(request, found, LogTrainingForm(initial=LogTrainingForm.usual(trainings_of(found))))
    form = LogTrainingForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=400)
    try:
        training = train_on_log(
            member=request.member,
            analysis=found,
            feature_set=form.cleaned_data["feature_set"],
            model_type=form.cleaned_data["model_type"],
            idempotency_key=form.idempotency_key,
            at=timezone.now(),
        )
    except DomainError as error:
        return _page(request, found, form, refusal=error, status=error.http_status)
    url = reverse("training:log_training", args=(found.pk, training.uuid))
    return go(request, url)


def _page(request, analysis, form, *, refusal=None, status=200):
    context = {
        "analysis": analysis,
        "form": form,
        "refusal": refusal,
        "plan": plan_features(analysis=analysis),
        "trainings": trainings_of(analysis),
        "step": "model",
    }
    return render_form(request, "training/log_model.html", context, status=status)


@developer_required
@require_safe
def training(request, analysis, training):
    """Show how a training goes, or what came of it."""
    found = get_object_or_404(analyses_for(request.member), pk=analysis)
    one = trainings_of(found).defer(None).with_related().filter(uuid=training).first()
    if one is None:
        raise Http404
    context = {"analysis": found, "training": one, "job": one.job, "step": "model"}
    if one.version is None or one.report is None:
        # To train again as it was can only fail.
        lacks = (one.job.error or {}).get("code") == "cannot-learn"
        by_definition = plan_features(analysis=found).label_source != "given"
        return render(
            request, "training/log_running.html", context | {"lacks_customers": lacks and by_definition}
        )
    if not one.report.get("simple_rule"):
        # Nothing is compared in it, as in reports of earlier days: what there is stands on the card.
        return redirect("registry:version", request.member.portal, one.version_id)
    champion = champion_that_serves(found.company, found.population)
    told = {
        "verdict": Verdict(one),
        "warnings": one.report["warnings"],
        "champion": champion,
        "lacks": champion and _what_it_lacks(champion, found),
    }
    return render(request, "training/log_training.html", context | told)


def _what_it_lacks(champion, analysis):
    return what_it_lacks(champion, columns=analysis.event_columns, of_visits=analysis.is_of_visits)
