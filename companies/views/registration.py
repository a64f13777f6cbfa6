"""How a company comes in, and how a person joins it."""

from allauth.account.internal.flows.signup import complete_signup, prevent_enumeration
from allauth.account.views import ConfirmEmailView
from allauth.core import ratelimit
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from companies.adapter import home_of
from companies.forms import JoinForm, RegisterCompanyForm
from companies.portals import ROLES
from companies.services.approval import approve_person, decline_person, person_of_link, role_of
from companies.services.joining import join_company
from companies.services.registration import company_of_link, register_company, verify_company
from core.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
def register(request):
    form = RegisterCompanyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        # Counted per address too: nobody fills a stranger's mailbox from here.
        if not ratelimit.consume(request, action="register_company", key=form.cleaned_data["email"]):
            return ratelimit.respond_429(request)
        register_company(**form.cleaned_data, at=timezone.now())
        return redirect("companies:register_sent")
    return render(request, "companies/register.html", {"form": form}, status=400 if form.errors else 200)


@require_safe
def register_sent(request):
    return render(request, "companies/register_sent.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request, key):
    # A mail program may fetch every link in a mail, so opening it does nothing yet.
    if request.method == "POST":
        company = verify_company(key=key, at=timezone.now())
        return render(request, "companies/verified.html", {"company": company})
    company = company_of_link(key=key, at=timezone.now())
    return render(request, "companies/verify.html", {"company": company})


class ConfirmAddress(ConfirmEmailView):
    """The page behind the link that confirms a person's address."""

    def logout_other_user(self, confirmation):
        """Leave the session of whoever opened the mail alone: confirming logs nobody in."""

    def post(self, *args, **kwargs):
        try:
            return super().post(*args, **kwargs)
        except Http404:
            # Used before, or too old: the page says so.
            self.object = None
            return self.render_to_response(self.get_context_data())

    def render_to_response(self, context, **response_kwargs):
        status = 200 if context["can_confirm"] else 404
        return super().render_to_response(context, **response_kwargs | {"status": status})


confirm_address = never_cache(ConfirmAddress.as_view())


@require_safe
def choose_role(request):
    return render(request, "companies/choose_role.html")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request, portal):
    if request.user.is_authenticated:
        return redirect(home_of(request))
    form = JoinForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if not ratelimit.consume(request, action="signup"):
            return ratelimit.respond_429(request)
        status = 400
        if form.is_valid():
            try:
                account = join_company(role=ROLES[portal], **form.cleaned_data, at=timezone.now())
            except DomainError as error:
                status = error.http_status
                form.add_error(error.field, error.message)
            else:
                if account is None:
                    return prevent_enumeration(request, email=form.cleaned_data["email"])
                return complete_signup(request, user=account)
    return render(request, "companies/join.html", {"form": form, "role": ROLES[portal]}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request, key):
    row = person_of_link(key=key, at=timezone.now())
    context = {"person": row.account, "company": row.company, "role": role_of(row)}
    if request.method != "POST":
        return render(request, "companies/decide.html", context)
    decide_about = {"approve": approve_person, "decline": decline_person}.get(request.POST.get("decision"))
    if decide_about is None:
        return render(request, "companies/decide.html", context, status=400)
    decide_about(row=row, by=None, at=timezone.now())
    return render(request, "companies/decided.html", {**context, "approved": decide_about is approve_person})
