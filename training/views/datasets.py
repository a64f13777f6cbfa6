from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from companies.access import developer_required
from core.downloads import UNKNOWN, plain_name, send_stored
from registry.artefacts import media_path
from training.pictures import draw_lineage
from training.selectors import datasets_for, lineage_steps, trained_on

DATASETS_PER_PAGE = 25


@developer_required
@require_safe
def datasets(request):
    page = Paginator(datasets_for(request.member), DATASETS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "training/datasets.html", {"page": page})


@developer_required
@require_safe
def dataset(request, pk):
    found = _found(request, pk)
    steps = lineage_steps(found)
    context = {
        "dataset": found,
        "steps": steps,
        "picture": draw_lineage(steps, current=found),
        "versions": trained_on(found, request.member.company),
        "is_there": media_path(found.file_path).is_file(),
    }
    return render(request, "training/dataset.html", context)


@developer_required
@require_safe
def download(request, pk):
    found = _found(request, pk)
    path = media_path(found.file_path)
    # Cells are sent as they are stored: what a spreadsheet would run is the owner's own.
    return send_stored(request, path, name=plain_name(found.name, path.suffix), content_type=UNKNOWN)


def _found(request, pk):
    return get_object_or_404(datasets_for(request.member), pk=pk)
