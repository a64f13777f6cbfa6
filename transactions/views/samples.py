import io

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from companies.access import member_required
from core.downloads import CSV, send_file
from transactions.presenting.samples import BAD, GOOD, SAMPLES, sample_file

STAGES = {
    "upload": "The file is refused at once",
    "columns": "You are asked, or told why it cannot be",
    "rows": "Rows are left out and counted",
    "profile": "It is read, but too little to learn from",
}


@member_required
@require_safe
def samples(request):
    bad = [(title, [sample for sample in BAD if sample.stage == stage]) for stage, title in STAGES.items()]
    return render(request, "transactions/samples.html", {"good": GOOD, "bad": bad})


@member_required
@require_safe
def sample(request, name):
    if name not in SAMPLES:
        raise Http404
    payload = sample_file(name)
    return send_file(request, io.BytesIO(payload), size=len(payload), name=name, content_type=CSV)
