"""Versions of models: what each is, and what an operator may do with it."""

from collections.abc import Callable

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Subquery
from django.utils import timezone

from companies.admin import CompanyReasonForm, ReadOnlyAdmin
from core.errors import DomainError
from core.figures import counted
from registry.admin.importing import TakesInModels
from registry.models import ModelDeployment, ModelMetrics, ModelVersion
from registry.presenting.signal import warning_about
from registry.presenting.standing import with_interval
from registry.services.deployments import deploy_version, withdraw_version
from registry.services.promotion import promote_version
from registry.services.release import release_version, resign_version, verify_version
from registry.services.states import quarantine_version


def figure(column: str, name: str) -> Callable:
    """Return a column that shows a stored figure with its 95 % interval, where there is one."""

    @admin.display(description=name, ordering=column)
    def shown(self, metrics):
        return with_interval(getattr(metrics, column), metrics.figures, name)

    return shown


class ShowsFigures:
    """For pages of stored metrics. Averaged over both classes, as they are published."""

    figures = ("accuracy_shown", "auc_shown", "precision_shown", "recall_shown", "f1_shown")
    accuracy_shown = figure("accuracy", "Accuracy")
    auc_shown = figure("auc_roc", "AUC")
    precision_shown = figure("precision", "Precision (weighted)")
    recall_shown = figure("recall", "Recall (weighted)")
    f1_shown = figure("f1_score", "F1 (weighted)")


class ModelMetricsInline(ShowsFigures, admin.StackedInline):
    model = ModelMetrics
    can_delete = False
    fields = readonly_fields = (*ShowsFigures.figures, "created_at")

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class DeployedFilter(admin.SimpleListFilter):
    """Which versions serve somebody, and which nobody ever did anything with."""

    title = "deployed"
    parameter_name = "deployed"

    def lookups(self, request, model_admin):
        return (("now", "Now"), ("before", "Before, not now"), ("never", "Never"))

    def queryset(self, request, queryset):
        every = ModelDeployment.objects.values("model")
        now = ModelDeployment.objects.active().values("model")
        return {
            "now": queryset.filter(pk__in=now),
            "before": queryset.filter(pk__in=every).exclude(pk__in=now),
            "never": queryset.exclude(pk__in=every),
        }.get(self.value(), queryset)


class DeployForm(CompanyReasonForm):
    role = forms.ChoiceField(label="As what", choices=ModelDeployment.Role.choices)
    field_order = ("company", "role", "reason")


def asking_why(service: Callable, *, title: str, explanation: str, done: str, button: str) -> Callable:
    """Return an action that asks why, and then calls `service` for each chosen version."""

    @admin.action(description=f"{title} …", permissions=["act"])
    def action(self, request, queryset):
        return self.ask(
            request,
            queryset,
            title=title,
            explanation=explanation,
            service=lambda version, reason: service(
                version=version, by=request.user, reason=reason, at=timezone.now()
            ),
            done=done,
            button=button,
        )

    return action


@admin.register(ModelVersion)
class ModelVersionAdmin(TakesInModels, ReadOnlyAdmin):
    """Every version of the installation. Whether one may serve is decided by actions, never by typing."""

    change_list_template = "registry/admin_versions.html"
    list_display = (
        "name",
        "version",
        "company",
        "population",
        "is_default",
        "state",
        "state_reason",
        "auc",
        "serves",
        "created_at",
    )
    list_filter = ("state", DeployedFilter, "is_default", "created_at", "model_type", "population")
    date_hierarchy = "created_at"
    search_fields = ("name", "company__name", "file_path")
    list_select_related = ("company", "model_type", "population", "metrics")
    inlines = (ModelMetricsInline,)
    actions = (
        "deploy", "withdraw", "promote", "verify_files", "quarantine", "release", "sign_again",
    )  # fmt: skip

    def get_readonly_fields(self, request, obj=None):
        return ["warning", *(field.name for field in ModelVersion._meta.fields)]

    @admin.display(description="warning", empty_value="none")
    def warning(self, version):
        return warning_about(version) or None

    def get_queryset(self, request):
        served = ModelDeployment.objects.active().filter(model=OuterRef("pk")).order_by().values("model")
        return (
            super()
            .get_queryset(request)
            .with_figures()
            .annotate(companies_served=Subquery(served.annotate(number=Count("pk")).values("number")))
        )

    @admin.display(description="AUC (95 % interval)", ordering="metrics__auc_roc")
    def auc(self, version):
        metrics = getattr(version, "metrics", None)
        return with_interval(metrics and metrics.auc_roc, version.figures, "AUC")

    @admin.display(description="Deployed at", ordering="companies_served")
    def serves(self, version):
        return counted(version.companies_served, "company", "companies") if version.companies_served else ""

    def describe(self, row):
        return f"{row} of {row.company or 'everybody'}"

    @admin.action(description="Deploy …", permissions=["act"])
    def deploy(self, request, queryset):
        def service(version, *, company, role, reason):
            deploy_version(
                version=version,
                company=_company_of(version, company),
                role=role,
                by=request.user,
                reason=reason,
                at=timezone.now(),
            )
            if told := warning_about(version):
                self.message_user(request, f"{version}: {told}", messages.WARNING)

        return self.ask(
            request,
            queryset,
            title="Deploy",
            explanation="The people of the company are offered these versions from the next page on. A new "
            "champion takes the place of the one before, which stays as an alternative.",
            form=DeployForm,
            service=service,
            done="serves the company",
            button="Deploy",
        )

    @admin.action(description="Withdraw …", permissions=["act"])
    def withdraw(self, request, queryset):
        def service(version, *, company, reason):
            withdraw_version(
                version=version,
                company=_company_of(version, company),
                by=request.user,
                reason=reason,
                at=timezone.now(),
            )

        return self.ask(
            request,
            queryset,
            title="Withdraw",
            explanation="The people of the company are no longer offered these versions. Where one was the "
            "champion, the best default is suggested until another is deployed.",
            form=CompanyReasonForm,
            service=service,
            done="no longer serves the company",
            button="Withdraw",
        )

    promote = asking_why(
        promote_version,
        title="Promote to default",
        explanation="Each version becomes the default of its type for every company, under the next number. "
        "Whoever the present default serves is served by the new one; the present one keeps its files and "
        "can be promoted again. A version of a company stays theirs as well. Promote one only if they "
        "agreed: what it learned from them, and 50 example rows without customer IDs, become part of "
        "everybody's default.",
        done="is the default of its type",
        button="Promote to default",
    )

    @admin.action(description="Verify files", permissions=["act"])
    def verify_files(self, request, queryset):
        self.act(
            request,
            queryset,
            lambda version: verify_version(version=version, at=timezone.now()),
            "has the files that were registered",
        )

    quarantine = asking_why(
        quarantine_version,
        title="Quarantine",
        explanation="These versions predict for nobody until you release them. Companies that use one of "
        "them are served by the version before it.",
        done="serves nobody until you release it",
        button="Take out of service",
    )
    release = asking_why(
        release_version,
        title="Release",
        explanation="The files of each version are compared with those that were registered. If they are "
        "the same, the version serves again where it served before.",
        done="may serve again",
        button="Let them serve again",
    )
    sign_again = asking_why(
        resign_version,
        title="Sign again",
        explanation="Needed after SECRET_KEY was changed. A version is signed only if its files match the "
        "hashes in the database: by signing you vouch that nobody changed both.",
        done="is signed",
        button="Sign again",
    )


def add_action(name: str, action: Callable) -> None:
    """Let a floor above do something with chosen versions: `action` is called as a method of the page."""
    setattr(ModelVersionAdmin, name, action)
    ModelVersionAdmin.actions = (*ModelVersionAdmin.actions, name)


def _company_of(version, asked_for):
    if version.company is None and asked_for is None:
        raise DomainError("It belongs to everybody. Say for which company.", code="no-company")
    return asked_for or version.company


@admin.register(ModelMetrics)
class ModelMetricsAdmin(ShowsFigures, ReadOnlyAdmin):
    list_display = ("model", "company", *ShowsFigures.figures, "created_at")
    list_filter = ("model__state", "model__is_default", "model__model_type")
    search_fields = ("model__name", "model__company__name")
    list_select_related = ("model__company",)
    fields = readonly_fields = ("model", "company", *ShowsFigures.figures, "additional_metrics", "created_at")

    def get_queryset(self, request):
        return super().get_queryset(request).listed()

    @admin.display(description="company", ordering="model__company__name")
    def company(self, metrics):
        return metrics.model.company
