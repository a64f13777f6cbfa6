"""Customer bases, for operators."""

import json

from django import forms
from django.contrib import admin, messages
from django.utils import timezone
from django.utils.html import format_html

from companies.admin import ReadOnlyAdmin
from registry.models import Population
from registry.services.populations import archive_population, change_population


def written(name):
    """Return a column of the admin that shows the JSON of a field on lines of its own."""

    @admin.display(description=name)
    def shown(self, row):
        text = json.dumps(getattr(row, name), ensure_ascii=False, indent=2)
        return format_html("<pre>{}</pre>", text)

    return shown


class DescribeForm(forms.Form):
    """How people speak of a customer base, and by which rules its figures are used."""

    wording = forms.JSONField(required=False, help_text="Label, unit and names of values by column.")
    currency = forms.CharField(required=False, max_length=8)
    slices = forms.JSONField(required=False, help_text="Columns by which figures are shown in parts.")
    policies = forms.JSONField(help_text="risk_tiers, threshold and promotion (by_hand, after_training).")


@admin.register(Population)
class PopulationAdmin(ReadOnlyAdmin):
    """Every customer base. Its columns are frozen; how it is described and put away is decided by actions."""

    list_display = ("name", "company", "kind", "currency", "created_at", "archived_at")
    list_filter = ("kind", ("archived_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "company__name", "company__id", "uuid")
    list_select_related = ("company",)
    fields = readonly_fields = (
        "name", "company", "kind", "uuid", "currency", "written_slices", "written_schema", "written_roles",
        "written_definition", "written_wording", "written_policies", "created_at", "archived_at",
    )  # fmt: skip
    actions = ("describe_anew", "archive")

    written_slices = written("slices")
    written_schema = written("schema")
    written_roles = written("roles")
    written_definition = written("definition")
    written_wording = written("wording")
    written_policies = written("policies")

    @admin.action(description="Change words and policies …", permissions=["act"])
    def describe_anew(self, request, queryset):
        if queryset.count() != 1:
            self.message_user(request, "Choose one customer base: each has words of its own.", messages.ERROR)
            return None
        base = queryset.get()

        def service(population, **changes):
            changes["wording"], changes["slices"] = changes["wording"] or {}, changes["slices"] or []
            change_population(population=population, by=request.user, at=timezone.now(), **changes)

        return self.ask(
            request,
            queryset,
            title="Change words and policies",
            explanation="Pages use the new words at once; risk tiers count from the next prediction on.",
            form=DescribeForm,
            initial={name: getattr(base, name) for name in DescribeForm.base_fields},
            service=service,
            done="is described anew",
            button="Change",
        )

    @admin.action(description="Archive …", permissions=["act"])
    def archive(self, request, queryset):
        return self.ask(
            request,
            queryset,
            title="Archive",
            explanation="No form offers these customer bases any more. Their data, models and results stay.",
            service=lambda population, reason: archive_population(
                population=population, by=request.user, reason=reason, at=timezone.now()
            ),
            done="is archived",
            button="Archive",
        )
