"""Companies, their people and the keys of their programs."""

from functools import partial

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from rest_framework_api_key.models import APIKey

from companies.admin.read_only import ReadOnlyAdmin
from companies.models import Account, ApiKey, Company, Developer, User
from companies.services.api_keys import revoke_api_key
from companies.services.approval import approve_person, decline_person
from companies.services.erasure import erase_company
from companies.services.people import deactivate_account, hand_over_developer, reactivate_account
from core.errors import DomainError

# Addresses are those of the accounts; edited here they would part from them.
admin.site.unregister(EmailAddress)

# The library's own keys belong to no company and open nothing here.
admin.site.unregister(APIKey)


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

    @admin.action(description="Deactivate, and log out everywhere", permissions=["act"])
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

    @admin.action(description="Decline, and delete the request", permissions=["act"])
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
