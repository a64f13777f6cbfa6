"""The operator's door: everything to read, and the same services for what may be done."""

from functools import partial

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from rest_framework_api_key.models import APIKey

from companies.models import Account, ApiKey, AuditEvent, Company, Developer, User
from companies.services.api_keys import revoke_api_key
from companies.services.approval import approve_person, decline_person
from companies.services.conditions import LONGEST_REASON
from companies.services.erasure import erase_company
from companies.services.people import deactivate_account, hand_over_developer, reactivate_account
from core.errors import DomainError
from core.events import tell_now
from core.models import UntoldEvent

admin.site.site_header = admin.site.site_title = "Churn Buster"
admin.site.index_title = "What the operator sees"

# Addresses are those of the accounts; edited here they would part from them.
admin.site.unregister(EmailAddress)

# The library's own keys belong to no company and open nothing here.
admin.site.unregister(APIKey)


class ReasonForm(forms.Form):
    """Why. What changes who is served is not done without."""

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        widget=forms.Textarea({"rows": 2, "class": "vLargeTextField"}),
        help_text="It stands beside your name for good.",
        error_messages={"required": "Say why: whoever reads it later will want to know."},
    )


def link_to(name: str, row) -> str:
    """Return a link to the page of `row`, whose address is called `name`."""
    return format_html('<a href="{}">{}</a>', reverse(name, args=(row.pk,)), row)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shows rows and never writes them; what may be done is an action over a service."""

    confirmation_template = "admin/confirm_action.html"

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_act_permission(self, request):
        """Who may act: Django's own change permission, although no field can be edited."""
        return super().has_change_permission(request)

    def act(self, request, queryset, service, done):
        """Call `service` for each row and say of each how it went."""
        for row in queryset:
            try:
                service(row)
            except DomainError as error:
                self.message_user(request, f"{row}: {error}", messages.ERROR)
            else:
                self.message_user(request, f"{row} {done}.")

    def describe(self, row):
        """Return what a page that asks calls `row`."""
        return str(row)

    def ask(
        self, request, queryset, *, title, explanation, service, done, button, form=ReasonForm, initial=None
    ):
        """Ask for what `form` asks before `service` is called for each row, with the answers.

        The first call answers with the page that asks. Sent back, the answers come here again, by the same
        action over the same rows. Return what the action returns.
        """
        asked = form(initial=initial)
        status = 200
        if "confirmed" in request.POST:
            asked = form(request.POST, request.FILES, initial=initial)
            if asked.is_valid():
                self.act(request, queryset, lambda row: service(row, **asked.cleaned_data), done)
                return None
            status = 400
        context = self.admin_site.each_context(request) | {
            "title": title,
            "explanation": explanation,
            "rows": [self.describe(row) for row in queryset],
            "form": asked,
            "button": button,
            "action": request.POST.get("action", ""),
            "select_across": request.POST.get("select_across", "0"),
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "checkbox": ACTION_CHECKBOX_NAME,
            "opts": self.opts,
        }
        return TemplateResponse(request, self.confirmation_template, context, status=status)


@admin.register(Company)
class CompanyAdmin(ReadOnlyAdmin):
    list_display = ("name", "id", "email", "email_verified", "user_joining", "registration_date")
    list_filter = ("email_verified", "user_joining")
    search_fields = ("name", "id", "email")
    fields = ("id", "uuid", "name", "email", "email_verified", "user_joining", "registration_date", "erase")

    @admin.display(description="Erase")
    def erase(self, company):
        return format_html(
            '<a href="{}">Erase this company and everything it owns …</a>',
            reverse("admin:companies_company_erase", args=[company.pk]),
        )

    def get_urls(self):
        erase = path(
            "<str:pk>/erase/", self.admin_site.admin_view(self.erase_view), name="companies_company_erase"
        )
        return [erase, *super().get_urls()]

    def erase_view(self, request, pk):
        company = get_object_or_404(Company, pk=pk)
        if not admin.ModelAdmin.has_delete_permission(self, request, company):
            return redirect("admin:index")
        error, status = None, 200
        if request.method == "POST":
            try:
                erase_company(
                    company=company, typed=request.POST.get("typed", ""), by=request.user, at=timezone.now()
                )
            except DomainError as refusal:
                error, status = refusal, refusal.http_status
            else:
                self.message_user(request, f"{company.name} is erased.")
                return redirect("admin:companies_company_changelist")
        context = self.admin_site.each_context(request) | {
            "title": f"Erase {company.name}",
            "company": company,
            "error": error,
            "opts": self.opts,
        }
        return render(request, "companies/admin_erase.html", context, status=status)


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("email", "name", "role", "email_verified", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "email_verified")
    list_select_related = ("developer__company", "user__company")
    search_fields = ("email", "name")
    fields = (
        "email",
        "name",
        "role",
        "email_verified",
        "is_active",
        "is_staff",
        "registration_date",
        "last_login",
    )
    actions = ("deactivate", "reactivate")

    @admin.display(description="Role")
    def role(self, account):
        developer = getattr(account, "developer", None)
        if developer and developer.company:
            return f"Developer of {developer.company}"
        user = getattr(account, "user", None)
        return f"User of {user.company}" if user else ""

    @admin.action(description="Deactivate, ending every session", permissions=["act"])
    def deactivate(self, request, queryset):
        service = partial(deactivate_account, by=request.user, at=timezone.now())
        self.act(request, queryset, lambda row: service(account=row), "is deactivated")

    @admin.action(description="Reactivate", permissions=["act"])
    def reactivate(self, request, queryset):
        service = partial(reactivate_account, by=request.user, at=timezone.now())
        self.act(request, queryset, lambda row: service(account=row), "is active again")


class MemberAdmin(ReadOnlyAdmin):
    list_display = ("account", "company", "joined_at", "approved_at")
    list_filter = (("approved_at", admin.EmptyFieldListFilter),)
    list_select_related = ("account", "company")
    search_fields = ("account__email", "account__name", "company__name", "company__id")
    fields = list_display
    actions = ("approve", "decline")

    @admin.action(description="Approve", permissions=["act"])
    def approve(self, request, queryset):
        service = partial(approve_person, by=request.user, at=timezone.now())
        self.act(request, queryset, lambda row: service(row=row), "may log in now")

    @admin.action(description="Decline, deleting the request", permissions=["act"])
    def decline(self, request, queryset):
        service = partial(decline_person, by=request.user, at=timezone.now())
        self.act(request, queryset, lambda row: service(row=row), "was declined")


admin.site.register(Developer, MemberAdmin)


@admin.register(User)
class UserAdmin(MemberAdmin):
    actions = (*MemberAdmin.actions, "make_developer")

    @admin.action(description="Make the developer, instead of whoever it is now", permissions=["act"])
    def make_developer(self, request, queryset):
        # The way out for a company whose developer is gone. Choosing the row stands for typing the address.
        service = partial(hand_over_developer, by=request.user, at=timezone.now())
        self.act(
            request,
            queryset,
            lambda row: service(company=row.company, to=row.account, typed=row.account.email),
            "is the developer now",
        )


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "prefix",
        "company",
        "scope_names",
        "created_by",
        "created_at",
        "latest_use_at",
        "state",
    )
    list_filter = ("revoked",)
    list_select_related = ("company", "created_by")
    search_fields = ("name", "prefix", "company__name", "company__id", "created_by__email")
    fields = (
        "name",
        "prefix",
        "company",
        "scope_names",
        "created_by",
        "created_at",
        "latest_use_at",
        "expiry_date",
        "revoked_at",
    )
    actions = ("revoke",)

    @admin.display(description="Scopes")
    def scope_names(self, key):
        return ", ".join(key.scopes)

    @admin.display(description="State")
    def state(self, key):
        return key.state_at(timezone.now())

    @admin.action(description="Revoke, for good", permissions=["act"])
    def revoke(self, request, queryset):
        service = partial(revoke_api_key, by=request.user, at=timezone.now())
        self.act(request, queryset, lambda row: service(key=row), "is revoked")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "company", "actor", "action", "subject")
    list_filter = ("action",)
    list_select_related = ("company", "actor")
    search_fields = ("subject", "company__name", "company__id", "actor__email")
    date_hierarchy = "at"
    fields = ("at", "company", "actor", "action", "subject", "details")


@admin.register(UntoldEvent)
class UntoldEventAdmin(ReadOnlyAdmin):
    """What happened and has consequences that did not come yet. Usually there is nothing here."""

    list_display = ("happened_at", "event", "subscriber", "attempts", "error", "due_at")
    list_filter = ("event", "subscriber")
    search_fields = ("about", "error")
    date_hierarchy = "happened_at"
    fields = (*list_display, "about", "ids")
    actions = ("tell_now",)

    @admin.action(description="Tell now", permissions=["act"])
    def tell_now(self, request, queryset):
        service = partial(tell_now, at=timezone.now())
        self.act(request, queryset, lambda row: service(event=row), "was told")
