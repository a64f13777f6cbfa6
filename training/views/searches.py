from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from companies.access import developer_required
from core.errors import DomainError
from core.redirects import go
from training.presenting.searches import show_search
from training.selectors import training_runs_for
from training.services.searching import stop_search


@developer_required
@require_safe
def search(request, run):
    """Show how the type of a training is found, or was; while it goes on the page asks again by itself."""
    return _page(request, _found(request, run))


@developer_required
@require_POST
def stop(request, run):
    """Take the best so far."""
    found = _found(request, run)
    try:
        stop_search(member=request.member, training=found, at=timezone.now())
    except DomainError as error:
        return _page(request, found, refusal=error, status=error.http_status)
    return go(request, reverse("training:search", args=(found.uuid,)))


def _page(request, found, *, refusal=None, status=200):
    part = "#tried" if request.htmx else ""
    context = {
        "run": found,
        "search": found.search,
        "page": show_search(found.search, at=timezone.now()),
        "refusal": refusal,
    }
    return render(request, f"training/search.html{part}", context, status=status)


def _found(request, run):
    found = get_object_or_404(training_runs_for(request.member), uuid=run)
    if found.found_search is None:
        raise Http404
    return found
