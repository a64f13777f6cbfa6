"""What all pages with a file have in common."""

from functools import wraps

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from companies.identity import Member
from core.downloads import CSV, plain_name, send_made, send_stored
from core.errors import DomainError
from intake.limits import upload_limit
from intake.presenting.samples import sample_customers
from intake.services.checking import FileRefused
from intake.services.receiving import streaming_to_disk
from intake.services.waiting import find_kept, name_of_waiting


def receives_upload(view):
    """Decorate a view whose form has a file.

    The CSRF check reads the form, and handlers can only be set before that: the check is moved behind them.
    """
    checked = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def receiving(request, *args, **kwargs):
        with streaming_to_disk(request):
            return checked(request, *args, **kwargs)

    receiving.takes_upload = True  # see intake.body_limit
    return receiving


def upload_context(form, refusal: DomainError | None = None, *, member: Member | None = None) -> dict:
    """Return what a page with a file shows: its form, its limit, and why the last file was refused.

    Parameters
    ----------
    member
        Whose files may be sent on to this page: then the one that is here already is named.
    """
    kept = form["kept"].value() if member else None
    return {
        "kept_name": name_of_waiting(kept, member=member) if kept else None,
        "form": form,
        "refusal": refusal,
        "can_leave_out": isinstance(refusal, FileRefused) and refusal.kept and refusal.rejected,
        "max_mb": upload_limit() // 1024 // 1024,
        "max_bytes": upload_limit(),
    }


def send_refused_rows(request):
    """Send the rows for which the upload of ``?kept=`` was refused, to its owner."""
    waiting = find_kept(request.GET.get("kept", ""), member=request.member)
    name = plain_name(waiting.name.rpartition(".")[0], "-refused-rows.csv")
    return send_stored(request, waiting.rejects_path, name=name, content_type=CSV)


def send_sample(name: str, *, rows: int, with_outcomes: bool) -> HttpResponse:
    """Send a file of invented customers to try things with."""
    return send_made(sample_customers(rows, with_outcomes=with_outcomes), name=name, content_type=CSV)
