import os
from pathlib import PurePosixPath

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from companies.access import developer_required
from core.downloads import CSV, plain_name, send_file
from core.files.media import media_exists, send_media
from training.presenting.links import log_links
from training.presenting.pictures import draw_lineage
from training.selectors import chain_of, datasets_for, trained_on
from training.services.safe_copies import open_safe_copy

DATASETS_PER_PAGE = 25


@developer_required
@require_safe
def datasets(request):
    page = Paginator(datasets_for(request.member), DATASETS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "training/datasets.html", {"page": page, "logs": log_links(request.member)})


@developer_required
@require_safe
def dataset(request, pk):
    found = _found(request, pk)
    lineage = chain_of(found, whole="whole" in request.GET)
    context = {
        "dataset": found,
        "lineage": lineage,
        "steps": lineage.steps,
        "picture": draw_lineage(lineage.steps, current=found),
        "versions": trained_on(found, request.member.company),
        "is_there": media_exists(found.file_path),
        "columns": found.population.columns_of_file(with_outcome=True),
    }
    return render(request, "training/dataset.html", context)


@developer_required
@require_safe
def download(request, pk):
    found = _found(request, pk)
    if request.GET.get("as") == "stored":
        # Byte for byte, so that its hash can be compared; what a spreadsheet would run is the owner's own.
        name = plain_name(found.name, PurePosixPath(found.file_path).suffix)
        return send_media(request, found.file_path, filename=name)
    file = open_safe_copy(found)
    size = os.fstat(file.fileno()).st_size
    return send_file(request, file, size=size, name=plain_name(found.name, ".csv"), content_type=CSV)


def _found(request, pk):
    return get_object_or_404(datasets_for(request.member), pk=pk)
