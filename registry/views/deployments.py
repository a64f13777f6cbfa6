"""Deploy, withdraw, roll back: each on a page that shows first what will change for whom."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from companies.access import developer_required
from core.errors import DomainError
from core.repeats import done_once
from registry.access import named_base_or_404
from registry.forms import DeployForm, ReasonForm, RollBackForm, possible_roles
from registry.models import ModelDeployment
from registry.presenting.comparisons import comparison_of
from registry.presenting.signal import warning_about
from registry.selectors import (
    champion_of,
    champion_to_return_to,
    offer_after_deploying,
    offer_after_rolling_back,
    offer_after_withdrawing,
    offer_now,
    users_of,
    visible_versions,
)
from registry.services.deployments import (
    AlreadyDeployed,
    ChampionChanged,
    NotDeployed,
    NothingToRollBack,
    already_deployed,
    deploy_version,
    deployment_to_withdraw,
    nothing_to_roll_back,
    roll_back,
    withdraw_version,
)
from registry.services.states import refuse_unless_ready

AS_WHAT = {
    ModelDeployment.Role.CHAMPION: "is the champion",
    ModelDeployment.Role.ALTERNATIVE: "is offered beside the champion",
    ModelDeployment.Role.CHALLENGER: "is the challenger",
}

# What the second of two clicks, or another window, finds done.
DONE_BEFORE = (AlreadyDeployed, NotDeployed, ChampionChanged, NothingToRollBack)


def _models(request):
    return reverse("registry:models", args=("dev",))


@require_http_methods(["GET", "HEAD", "POST"])
@developer_required
@done_once(*DONE_BEFORE, to=_models)
def deploy(request, pk):
    company = request.member.company
    version = _version(company, pk)
    refuse_unless_ready(version)
    serving = company.deployments.active().filter(model=version).first()
    if request.method == "POST" and serving and serving.role == request.POST.get("role"):
        raise already_deployed(serving)
    roles = possible_roles(serving)
    form = DeployForm(_sent(request), roles=roles, initial={"role": request.GET.get("role")})
    if request.method == "POST" and form.is_valid():
        done = _try(
            form,
            lambda: deploy_version(
                version=version, company=company, by=request.user, at=timezone.now(), **form.cleaned_data
            ),
        )
        if done:
            messages.success(request, f"{version} {AS_WHAT[done.role]} of {version.population} from now on.")
            return redirect("registry:models", "dev")
    offers = [offer_after_deploying(request.member, version, role) for role in roles]
    return _confirm(
        request, form, offers, version=version, title=f"Deploy {version}", verb="Deploy", compared=True
    )


@require_http_methods(["GET", "HEAD", "POST"])
@developer_required
@done_once(*DONE_BEFORE, to=_models)
def withdraw(request, pk):
    company = request.member.company
    version = _version(company, pk)
    serving = deployment_to_withdraw(version, company)
    form = ReasonForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        done = _try(
            form,
            lambda: withdraw_version(
                version=version, company=company, by=request.user, at=timezone.now(), **form.cleaned_data
            ),
        )
        if done:
            ended = "is no longer the challenger of" if serving.is_challenger else "no longer serves"
            messages.success(request, f"{version} {ended} {version.population}.")
            return redirect("registry:models", "dev")
    offers = [offer_after_withdrawing(request.member, version)]
    return _confirm(
        request,
        form,
        offers,
        version=version,
        title=f"Withdraw {version}",
        verb="Withdraw",
        danger=True,
        in_shadow=serving.is_challenger,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@developer_required
@done_once(*DONE_BEFORE, to=_models)
def rollback(request):
    company = request.member.company
    population = named_base_or_404(company, request.GET.get("base", ""))
    champion = champion_of(company, population)
    form = RollBackForm(_sent(request), initial={"champion": champion and champion.pk})
    if champion is None:
        raise nothing_to_roll_back(company, population)
    if request.method == "POST" and form.is_valid():
        done = _try(
            form,
            lambda: roll_back(
                company=company,
                population=population,
                by=request.user,
                at=timezone.now(),
                **form.cleaned_data,
            ),
        )
        if done:
            messages.success(request, f"{done.withdrawn} was withdrawn; {done.now_serves}.")
            return redirect("registry:models", "dev")
    earlier = champion_to_return_to(champion)
    offers = [offer_after_rolling_back(request.member, champion)]
    title = f"Roll back from {champion.model} to {earlier.model if earlier else _nobody(population)}"
    return _confirm(request, form, offers, version=champion.model, title=title, verb="Roll back", danger=True)


def _sent(request):
    # A form that was sent empty is refused field by field; `request.POST or None` would show it anew.
    return request.POST if request.method == "POST" else None


def _version(company, pk):
    found = visible_versions(company).exclude(company__isnull=True, is_default=False)
    return get_object_or_404(found.select_related("model_type", "metrics", "company", "population"), pk=pk)


def _nobody(population):
    return "no version" if population.company_id else "the best default"


def _try(form, change):
    """Return what `change` returns, or None with its refusal on the form."""
    try:
        return change()
    except DONE_BEFORE:
        raise
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        form.status = error.http_status
        return None


def _beside(member, version, other):
    """Put `version` beside the suggested one: on the same customers, or not at all."""
    return {"compared_with": str(other), "comparison": comparison_of(member, version, other)}


def _confirm(request, form, offers, *, version, compared=False, **words):
    now = offer_now(request.member, version.population)
    context = {
        "form": form,
        "version": version,
        "users": users_of(request.member.company),
        "offers": [now, *offers],
        "champion_role": ModelDeployment.Role.CHAMPION.value,
        **words,
    }
    if compared:
        context["warning"] = warning_about(version)
    if compared and now.suggested and now.suggested != version:
        context |= _beside(request.member, version, now.suggested)
    status = getattr(form, "status", 400) if form.errors else 200
    return render(request, "registry/change.html", context, status=status)
