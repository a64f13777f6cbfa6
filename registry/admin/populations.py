"""Customer bases, for operators."""

from django import forms
from django.contrib import admin, messages
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from companies.admin import ReadOnlyAdmin
from registry.models import Dataset, ModelDeployment, Population
from registry.presenting.signal import warning_about_threshold
from registry.selectors import best_default, champion_that_serves
from registry.services.populations import LONGEST_CURRENCY, archive_population, change_population


class DescribeForm(forms.Form):
    """How people speak of a customer base, and by which rules its figures are used."""

    wording = forms.JSONField(
        required=False,
        help_text="What pages call each column and its values, and its unit, as in "
        '{"tenure": {"label": "Customer for", "unit": "months"}}.',
    )
    currency = forms.CharField(required=False, max_length=LONGEST_CURRENCY)
    slices = forms.JSONField(required=False, help_text="Columns by whose values figures are shown in groups.")
    policies = forms.JSONField(
        help_text="risk_tiers: which names ranges of probabilities get. threshold: the probability from "
        "which on a customer is named as leaving; null for 0.5. promotion: by_hand, or after_training, where "
        "a better version is deployed by itself."
    )


def _warning_about_policies(base):
    threshold = base.policies.get("threshold")
    if threshold is None:
        return ""
    champion = champion_that_serves(base.company, base) if base.company else None
    return warning_about_threshold(champion or best_default(base), threshold)


class ChampionFilter(admin.SimpleListFilter):
    """Customer bases of companies that nothing predicts yet."""

    title = "champion"
    parameter_name = "champion"

    def lookups(self, request, model_admin):
        return (("none", "None yet"),)

    def queryset(self, request, queryset):
        if self.value() != "none":
            return queryset
        served = ModelDeployment.objects.champions().values("population")
        return queryset.filter(company__isnull=False, archived_at=None).exclude(pk__in=served)


@admin.register(Population)
class PopulationAdmin(ReadOnlyAdmin):
    """Every customer base. Its columns are frozen; how it is described and put away is decided by actions."""

    list_display = (
        "name", "company", "kind", "champion", "customers", "latest_data", "currency", "created_at",
        "archived_at",
    )  # fmt: skip
    list_filter = (ChampionFilter, "kind", ("archived_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "company__name", "company__id", "uuid")
    list_select_related = ("company",)
    fields = readonly_fields = (
        "name", "company", "kind", "uuid", "currency", "slices", "schema", "roles",
        "definition", "wording", "policies", "created_at", "archived_at",
    )  # fmt: skip
    actions = ("describe_anew", "archive")

    def get_queryset(self, request):
        # Of the base of the installation each company has a champion and tables of its own: none is named.
        whose = {"population": OuterRef("pk"), "company": OuterRef("company")}
        champions = ModelDeployment.objects.champions().filter(**whose)
        tables = Dataset.objects.filter(**whose).order_by("-pk")
        customers = tables.filter(dataset_type=Dataset.Type.SNAPSHOT)
        return (
            super()
            .get_queryset(request)
            .annotate(
                champion_name=Subquery(champions.values("model__name")[:1]),
                champion_number=Subquery(champions.values("model__number")[:1]),
                latest_rows=Subquery(customers.values("row_count")[:1]),
                latest_at=Subquery(tables.values("created_at")[:1]),
            )
        )

    @admin.display(description="champion")
    def champion(self, base):
        return base.champion_name and f"{base.champion_name} v{base.champion_number}"

    @admin.display(description="customers")
    def customers(self, base):
        return None if base.latest_rows is None else f"{base.latest_rows:,}"

    @admin.display(description="latest data", ordering="latest_at")
    def latest_data(self, base):
        return base.latest_at

    @admin.action(description="Change words and policies …", permissions=["act"])
    def describe_anew(self, request, queryset):
        if queryset.count() != 1:
            self.message_user(request, "Choose one customer base: each has words of its own.", messages.ERROR)
            return None
        base = queryset.get()

        def service(population, **changes):
            changes["wording"], changes["slices"] = changes["wording"] or {}, changes["slices"] or []
            changed = change_population(population=population, by=request.user, at=timezone.now(), **changes)
            if told := _warning_about_policies(changed):
                self.message_user(request, told, messages.WARNING)

        return self.ask(
            request,
            queryset,
            title="Change words and policies",
            explanation="Pages use the new words at once. New risk tiers count from the next prediction on, "
            "a new threshold from the next training on.",
            form=DescribeForm,
            initial={name: getattr(base, name) for name in DescribeForm.base_fields},
            service=service,
            done="has these words and policies now",
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
