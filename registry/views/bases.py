"""Customer bases: which there are, what each is, its words and rules, its template, and putting it away."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from companies.access import developer_required, member_required
from core.downloads import CSV, plain_name, send_made
from core.errors import DomainError
from core.repeats import done_once
from registry.access import base_or_404
from registry.forms import ArchiveForm, DescribeBaseForm
from registry.models import Population
from registry.presenting.base_columns import columns_of, template_csv
from registry.presenting.bases import card_of, cards_of, data_of, tiers_in_words, versions_of
from registry.selectors import serving_rows, users_of
from registry.services.populations import AlreadyArchived, archive_population, change_population

LATEST_TABLES = 5
TEMPLATES = {"predict": "to-predict", "train": "with-outcomes"}


@require_safe
@member_required
def bases(request):
    return render(request, "registry/bases.html", {"cards": cards_of(request.member)})


@require_safe
@member_required
def base(request, base):
    member, found = request.member, base_or_404(request.member.company, base)
    tables = data_of(member, found)
    context = {
        "base": found,
        "card": card_of(member, found),
        "columns": columns_of(found),
        "versions": _versions(member, found),
        "tables": tables[:LATEST_TABLES],
        "tables_count": tables.count(),
        "tiers": tiers_in_words(found.policies["risk_tiers"]),
        "promotion": Population.Promotion(found.policies["promotion"]).label,
        "may_change": _may_change(member, found),
    }
    return render(request, "registry/base.html", context)


def _versions(member, found):
    serving = serving_rows(member.company)
    versions = list(versions_of(member, found))
    for each in versions:
        each.deployment = serving.get(each.pk)
    return versions


def _may_change(member, found):
    return member.is_developer and found.company_id is not None and not found.is_archived


@require_safe
@member_required
def template(request, base):
    """Send the header and two example rows of a file of these customers."""
    found, purpose = base_or_404(request.member.company, base), request.GET.get("for", "predict")
    if found.is_log or purpose not in TEMPLATES:
        raise Http404
    name = plain_name(found.name, f"-{TEMPLATES[purpose]}.csv", otherwise="customers")
    return send_made(template_csv(found, purpose=purpose), name=name, content_type=CSV)


@require_http_methods(["GET", "HEAD", "POST"])
@developer_required
def describe(request, base):
    found = _own(request, base)
    form = DescribeBaseForm(request.POST if request.method == "POST" else None, base=found)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                changed = change_population(
                    population=found, by=request.user, at=timezone.now(), **form.changes
                )
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
                status = error.http_status
            else:
                messages.success(request, f"{changed} is described anew.")
                return redirect("registry:base", portal=request.member.portal, base=changed.uuid)
    return render(request, "registry/base_describe.html", {"base": found, "form": form}, status=status)


def _bases(request):
    return reverse("registry:bases", args=(request.member.portal,))


@require_http_methods(["GET", "HEAD", "POST"])
@developer_required
@done_once(AlreadyArchived, to=_bases)
def archive(request, base):
    found = _own(request, base)
    form = ArchiveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        archive_population(
            population=found, by=request.user, reason=form.cleaned_data["reason"], at=timezone.now()
        )
        messages.success(request, f"{found} is archived. Its data, models and results stay.")
        return redirect(_bases(request))
    context = {"base": found, "form": form, "users": users_of(request.member.company)}
    return render(request, "registry/base_archive.html", context, status=400 if form.errors else 200)


def _own(request, uuid):
    """Return a base that the company may change: not that of the installation."""
    found = base_or_404(request.member.company, uuid)
    if found.company_id is None:
        raise Http404
    return found
