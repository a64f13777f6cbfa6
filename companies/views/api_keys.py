"""The developer's page of API keys: list, make, revoke."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from companies.access import developer_required
from companies.forms import ApiKeyForm
from companies.selectors import keys_of
from companies.services.api_keys import AlreadyRevoked, create_api_key, revoke_api_key
from companies.services.conditions import NameDiffers
from core.errors import DomainError
from core.repeats import done_once


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@developer_required
def api_keys(request):
    company, at = request.member.company, timezone.now()
    form = ApiKeyForm(request.POST or None)
    made, status = None, 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            days = form.cleaned_data["days"]
            try:
                made = create_api_key(
                    company=company,
                    name=form.cleaned_data["name"],
                    scopes=form.cleaned_data["scopes"],
                    expires_at=at + timedelta(days=days) if days else None,
                    by=request.user,
                    at=at,
                )
            except DomainError as error:
                status = error.http_status
                form.add_error(error.field, error.message)
            else:
                # Shown in this very answer: a redirect would need the key to be kept somewhere in between.
                status, form = 201, ApiKeyForm()
    keys = [{"key": key, "state": key.state_at(at)} for key in keys_of(company)]
    context = {"form": form, "keys": keys, "made": made, "try_url": _try_url(request)}
    return render(request, "companies/api_keys.html", context, status=status)


def _keys(request):
    return reverse("companies:api_keys")


@require_http_methods(["GET", "HEAD", "POST"])
@developer_required
@done_once(AlreadyRevoked, to=_keys)
def revoke(request, number):
    key = get_object_or_404(keys_of(request.member.company), pk=number)
    error = None
    if request.method == "POST":
        typed = request.POST.get("confirm_name", "")
        try:
            revoke_api_key(key=key, by=request.user, typed=typed, at=timezone.now())
        except NameDiffers as refusal:
            error = refusal
        else:
            messages.success(request, f"“{key.name}” opens nothing any more.")
            return redirect("companies:api_keys")
    elif key.revoked:
        raise Http404
    status = error.http_status if error else 200
    return render(request, "companies/revoke_api_key.html", {"key": key, "error": error}, status=status)


def _try_url(request):
    return request.build_absolute_uri(reverse("companies:api_caller"))
