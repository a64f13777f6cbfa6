"""What the operator's pages of rows have in common: they show, and what may be done is an action."""

import json

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from companies.models import Company
from companies.services.conditions import LONGEST_REASON
from core.errors import DomainError
from core.figures import counted


class ReasonForm(forms.Form):
    """Why. What changes who is served is not done without."""

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        widget=forms.Textarea({"rows": 2, "class": "vLargeTextField"}),
        help_text="It is kept beside your name.",
        error_messages={"required": "Say why: whoever reads it later will want to know."},
    )


class CompanyReasonForm(ReasonForm):
    """For which company, and why. A version of a company needs no answer to the first."""

    company = forms.ModelChoiceField(
        Company.objects.order_by("name"),
        required=False,
        empty_label="The company that it belongs to",
        help_text="Needed for a default, which belongs to everybody: choose the company that it is for.",
    )
    field_order = ("company", "reason")


def link_to(name: str, row) -> str:
    """Return a link to the page of `row`, whose address is called `name`."""
    return format_html('<a href="{}">{}</a>', reverse(name, args=(row.pk,)), row)


# What is longer than this is opened by who wants to read it.
FOLDED = 400


def written(field: models.JSONField):
    """Return a column of the admin that shows the JSON of a field on lines of its own."""

    @admin.display(description=field.verbose_name)
    def shown(row):
        value = getattr(row, field.name)
        if value in (None, {}, []):
            return None
        text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
        opened = mark_safe("" if len(text) > FOLDED else " open")
        lines = counted(text.count("\n") + 1, "line")
        return format_html("<details{}><summary>{}</summary><pre>{}</pre></details>", opened, lines, text)

    return shown


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shows rows and never writes them; what may be done is an action over a service."""

    confirmation_template = "admin/confirm_action.html"
    # Documents that would fill a page for each row of a list; the page of a row fetches its own.
    documents: tuple[str, ...] = ()

    def __init__(self, model, admin_site):
        super().__init__(model, admin_site)
        self.written = {f.name: written(f) for f in model._meta.fields if isinstance(f, models.JSONField)}

    def get_queryset(self, request):
        return super().get_queryset(request).defer(*self.documents)

    def get_fieldsets(self, request, obj=None):
        return [
            (title, about | {"fields": [self.written.get(name, name) for name in about["fields"]]})
            for title, about in super().get_fieldsets(request, obj)
        ]

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
