from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from companies.access import member_required
from core.errors import DomainError
from core.fragments import render_form
from core.redirects import go
from intake.views import receives_upload, upload_context
from transactions.forms import UploadForm
from transactions.presenting.bases import bases_with_words
from transactions.services.uploads import start_analysis


@member_required
@require_http_methods(("GET", "HEAD", "POST"))
@receives_upload
def upload(request):
    if request.method != "POST":
        return _page(request, _form(request, initial={"base": request.GET.get("base", "")}))
    form = _form(request, request.POST, request.FILES)
    if not form.is_valid():
        kept = request.POST.get("kept", "")
        if kept and "name" not in request.POST:
            # Sent on from where the file was refused: what is still open is asked, and is no mistake.
            return _page(request, _form(request, initial={"kept": kept}))
        return _page(request, form, status=400)
    try:
        analysis = start_analysis(
            member=request.member,
            upload=form.upload,
            population=form.population,
            new_base=form.cleaned_data.get("new_base", ""),
            name=form.cleaned_data["name"],
            **form.reading,
            idempotency_key=form.idempotency_key,
            at=timezone.now(),
        )
    except DomainError as error:
        return _page(request, form, refusal=error, status=error.http_status)
    return go(request, reverse("transactions:columns", args=(request.member.portal, analysis.pk)))


def _to_send_again(form):
    """Return what is sent once more with a file that was kept."""
    return {name: form.cleaned_data.get(name, "") for name in ("name", "base", "new_base", "token")}


def _form(request, *args, **options):
    member = request.member
    return UploadForm(*args, bases=bases_with_words(member.company), may_add=member.is_developer, **options)


def _page(request, form, *, refusal=None, status=200):
    context = upload_context(form, refusal, member=request.member)
    context["again"] = _to_send_again(form) if refusal else {}
    return render_form(request, "transactions/upload.html", context, status=status)
