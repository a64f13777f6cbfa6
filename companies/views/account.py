"""What each person does with the own account."""

from django.contrib import messages
from django.contrib.auth import logout
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from companies.access import member_required
from companies.forms import NameForm
from companies.services.conditions import NameDiffers
from companies.services.people import deactivate_account, rename_account


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def account(request):
    form = NameForm(request.POST or None, initial={"name": request.user.name})
    if request.method == "POST" and form.is_valid():
        rename_account(account=request.user, name=form.cleaned_data["name"], at=timezone.now())
        messages.success(request, "Your name was changed.")
        return redirect("companies:account", portal=request.member.portal)
    return render(request, "companies/account.html", {"form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def deactivate(request):
    error = None
    if request.method == "POST":
        typed = request.POST.get("confirm_name", "")
        try:
            deactivate_account(account=request.user, by=request.user, typed=typed, at=timezone.now())
        except NameDiffers as refusal:
            error = refusal
        else:
            logout(request)
            messages.success(
                request, "Your account is deactivated. Whoever manages your company can undo it."
            )
            return redirect("home")
    context = {"error": error, "cancel": request.member.portal}
    return render(request, "companies/deactivate.html", context, status=error.http_status if error else 200)
