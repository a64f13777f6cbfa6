import os

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from companies.access import developer_required
from core.downloads import CSV, UNKNOWN, plain_name, send_file, send_stored
from registry.artefacts import media_path
from training.presenting.pictures import draw_lineage
from training.selectors import datasets_for, lineage_of, trained_on
from training.services.safe_copies import open_safe_copy

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
    lineage = lineage_of(found, whole="whole" in request.GET)
    context = {
        "dataset": found,
        "lineage": lineage,
        "steps": lineage.steps,
        "picture": draw_lineage(lineage.steps, current=found),
        "versions": trained_on(found, request.member.company),
        "is_there": media_path(found.file_path).is_file(),
        "columns": found.population.columns_of_file(with_outcome=True),
    }
    return render(request, "training/dataset.html", context)


@developer_required
@require_safe
def download(request, pk):
    found = _found(request, pk)
    if request.GET.get("as") == "stored":
        # Byte for byte, so that its hash can be compared; what a spreadsheet would run is the owner's own.
        path = media_path(found.file_path)
        return send_stored(request, path, name=plain_name(found.name, path.suffix), content_type=UNKNOWN)
    file = open_safe_copy(found)
    size = os.fstat(file.fileno()).st_size
    return send_file(request, file, size=size, name=plain_name(found.name, ".csv"), content_type=CSV)


def _found(request, pk):
    return get_object_or_404(datasets_for(request.member), pk=pk)
