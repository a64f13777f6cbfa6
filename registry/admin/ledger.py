"""What serves whom: deployments, the ledger of their changes, and what challengers said beside them."""

from django.contrib import admin
from django.utils import timezone

from companies.admin import ReadOnlyAdmin
from registry.models import DeploymentEvent, ModelDeployment, ShadowRun
from registry.services.deployments import roll_back, withdraw_deployment


@admin.register(ModelDeployment)
class ModelDeploymentAdmin(ReadOnlyAdmin):
    list_display = (
        "company", "population", "model", "role", "is_active", "who", "reason", "deployed_at",
        "deactivated_at",
    )  # fmt: skip
    list_filter = ("is_active", "role", "deployed_at", "model__state", "population__kind")
    search_fields = ("company__name", "model__name", "actor_name", "reason")
    list_select_related = ("company", "population", "model", "deployed_by__account")
    date_hierarchy = "deployed_at"
    actions = ("withdraw", "roll_back")

    @admin.action(description="Withdraw …", permissions=["act"])
    def withdraw(self, request, queryset):
        return self.ask(
            request,
            queryset,
            title="Withdraw",
            explanation="The people of the company are no longer offered these versions.",
            service=lambda deployment, reason: withdraw_deployment(
                deployment=deployment, by=request.user, reason=reason, at=timezone.now()
            ),
            done="was withdrawn",
            button="Withdraw",
        )

    @admin.action(description="Roll back the champion of this company …", permissions=["act"])
    def roll_back(self, request, queryset):
        # Two rows of one base are one roll-back: the second would undo more than was asked for.
        one_each = {
            (row.company_id, row.population_id): row
            for row in queryset.select_related("company", "model", "population")
        }
        return self.ask(
            request,
            list(one_each.values()),
            title="Roll back",
            explanation="The champion of each company is withdrawn. The champion before it takes over, or "
            "the best default.",
            service=lambda deployment, reason: roll_back(
                company=deployment.company,
                population=deployment.population,
                by=request.user,
                reason=reason,
                at=timezone.now(),
            ),
            done="is served by the champion before it, or by the best default",
            button="Roll back",
        )


@admin.register(DeploymentEvent)
class DeploymentEventAdmin(ReadOnlyAdmin):
    """The ledger. Nothing in it can be changed or deleted, here or elsewhere."""

    list_display = (
        "company",
        "population",
        "sequence",
        "at",
        "action",
        "version",
        "role",
        "actor_name",
        "reason",
    )
    list_filter = ("action", "role", "at")
    search_fields = ("company__name", "version__name", "actor_name", "reason")
    list_select_related = ("company", "population", "version")
    date_hierarchy = "at"
    ordering = ("-at", "-sequence")


@admin.register(ShadowRun)
class ShadowRunAdmin(ReadOnlyAdmin):
    """What challengers said of the batches that they scored in the shadow."""

    list_display = ("company", "version", "compared_with", "customers", "disagree", "failure", "at")
    search_fields = ("company__name", "version__name", "batch", "failure")
    list_select_related = ("company", "version", "compared_with")
    date_hierarchy = "at"
