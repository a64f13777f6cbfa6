from datetime import date

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from companies.access import developer_required, member_required
from core.errors import DomainError
from core.kept import kept
from transactions.cutoffs import USUAL_HORIZON
from transactions.forms import ChurnForm, ClosedForm
from transactions.presenting.days import write_day
from transactions.presenting.profile_charts import list_definition_charts
from transactions.presenting.profile_findings import find_impact, list_choices, shown_impact
from transactions.selectors import days_in_doubt
from transactions.services.closures import mark_closed, mark_open
from transactions.services.configuration import configure_analysis
from transactions.services.profiling import impact_of
from transactions.views.analyses import find


@kept
@member_required
@require_http_methods(("GET", "HEAD", "POST"))
def churn(request, analysis):
    """Ask when a customer is lost: each length of time is shown with what it would mean, then confirmed."""
    found = find(request, analysis)
    if not found.is_ready:
        return redirect("transactions:analysis", portal=request.member.portal, analysis=found.pk)
    if request.method == "POST":
        return _confirm(request, found)
    asked = request.GET if "horizon_days" in request.GET else _begin_with(found)
    form = ChurnForm(asked)
    return _page(request, found, form, status=200 if form.is_valid() else 400)


@developer_required
@require_POST
def closed(request, analysis):
    """Keep that nothing was open on days of which the page warns, or take it back."""
    found = find(request, analysis)
    form = ClosedForm(request.POST)
    if not form.is_valid():
        return _page(request, found, ChurnForm(_begin_with(found)), status=400)
    first, last = (form.cleaned_data[name] for name in ("first", "last"))
    change = mark_open if form.cleaned_data["withdrawn"] else mark_closed
    change(
        analysis=found, first=first.isoformat(), last=last.isoformat(), by=request.member, at=timezone.now()
    )
    days = f"{write_day(first)} to {write_day(last)}"
    said = (
        f"It is no longer kept that you were closed from {days}."
        if form.cleaned_data["withdrawn"]
        else f"Closed from {days}: these days are no longer taken for missing rows."
    )
    messages.success(request, f"{said} Lists made before do not know of it: score the log again.")
    return redirect("transactions:churn", portal=request.member.portal, analysis=found.pk)


def _confirm(request, analysis):
    form = ChurnForm(request.POST)
    if not form.is_valid():
        return _page(request, analysis, form, status=400)
    try:
        configure_analysis(analysis=analysis, **form.cleaned_data, by=request.user, at=timezone.now())
    except DomainError as error:
        form.add_error(error.field, str(error))
        return _page(request, analysis, form, status=error.http_status)
    what = "visit" if analysis.is_of_visits else "purchase"
    messages.success(request, f"A customer is lost after {analysis.horizon_days} days without a {what}.")
    return redirect("transactions:churn", portal=request.member.portal, analysis=analysis.pk)


def _begin_with(analysis):
    """Return what was confirmed, or else suggested."""
    suggested = analysis.profile["churn"]["suggestion"]["days"] if analysis.profile else None
    return {
        "horizon_days": analysis.horizon_days or suggested or USUAL_HORIZON,
        "gap_days": analysis.gap_days,
        "active_window_days": analysis.active_window_days,
    }


def _is_confirmed(analysis, days, gap, window):
    confirmed = (analysis.horizon_days, analysis.gap_days or 0, analysis.active_window_days)
    return analysis.configured_at is not None and confirmed == (days, gap or 0, window)


def _page(request, analysis, form, *, status):
    profile, refusal, impact = analysis.profile, None, []
    chosen = form.cleaned_data if form.is_valid() else ChurnForm(_begin_with(analysis)).data
    days, gap, window = (chosen[name] for name in ("horizon_days", "gap_days", "active_window_days"))
    if profile:
        try:
            impact = impact_of(analysis, gap_days=gap, active_window_days=window)
        except DomainError as error:
            refusal = error
    shown = find_impact(shown_impact(impact), days)
    charts = list_definition_charts(profile, impact, days) if profile and impact else []
    context = {
        "analysis": analysis,
        "form": form,
        "days": days,
        # The next step is the filled button then, and to confirm the same once more a plain one.
        "is_confirmed": _is_confirmed(analysis, days, gap, window),
        "gap": gap,
        "window": window,
        "refusal": refusal,
        "suggestion": profile["churn"]["suggestion"] if profile else None,
        "silences": days_in_doubt(analysis),
        "closed_days": [[date.fromisoformat(day) for day in days] for days in analysis.closed_days or []],
        "terms": profile["churn"]["terms"] if profile else None,
        "labelled": "label" in (analysis.mapping or {}),
        "impact": shown_impact(impact),
        "shown": shown,
        "choices": list_choices(impact, days),
        "charts": charts,
        "end": analysis.import_report["last_at"],
        "step": "churn",
    }
    return render(request, "transactions/churn.html", context, status=status)
