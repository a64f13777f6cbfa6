from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe

from core.errors import DomainError
from registry.models import Dataset, DeploymentEvent, ModelDeployment, ModelMetrics, ModelType, ModelVersion
from registry.services.deployments import deploy_version, roll_back, withdraw_deployment, withdraw_version
from registry.services.ledger import MOST_REASON
from registry.services.model_types import change_model_type, check_parameters, describe_parameters
from registry.services.release import release_version, verify_version
from registry.services.states import quarantine_version


class LogAdmin(admin.ModelAdmin):
    """Rows that say what happened: nobody types into them."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ReasonActionForm(ActionForm):
    """Why an operator does what is chosen beside it; what changes who is served is not done without."""

    reason = forms.CharField(required=False, max_length=MOST_REASON, label="Reason:")


class OperatedAdmin(LogAdmin):
    """Rows that nobody types into, and on which operators act with a reason."""

    action_form = ReasonActionForm

    def has_operate_permission(self, request):
        return request.user.has_perm(f"registry.change_{self.opts.model_name}")

    def each(self, request, queryset, outcome, act):
        """Act on each row, and tell of each whether it was done or why it was not."""
        for row in queryset:
            try:
                act(row)
            except DomainError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, f"{row} {outcome}.")

    @staticmethod
    def decision(request):
        """Return who acts, why and when, as the services ask for it."""
        return {"by": request.user, "reason": request.POST.get("reason", ""), "at": timezone.now()}


class ModelTypeForm(forms.ModelForm):
    class Meta:
        model = ModelType
        fields = ("description", "parameters")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["parameters"].help_text = format_html_join(
            mark_safe("<br>"), "<b>{}</b>: {}", describe_parameters(slug=self.instance.slug)
        )

    def clean_parameters(self):
        try:
            return check_parameters(slug=self.instance.slug, parameters=self.cleaned_data["parameters"])
        except DomainError as error:
            raise forms.ValidationError(error.message) from error


@admin.register(ModelType)
class ModelTypeAdmin(admin.ModelAdmin):
    """What each type is trained with from now on. The list of types itself comes with the program."""

    form = ModelTypeForm
    fields = ("name", "slug", "description", "parameters")
    readonly_fields = ("name", "slug")
    list_display = ("name", "slug", "parameters")

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        change_model_type(
            model_type=obj,
            description=obj.description,
            parameters=obj.parameters,
            by=request.user,
            at=timezone.now(),
        )


class ModelMetricsInline(admin.StackedInline):
    model = ModelMetrics
    can_delete = False
    fields = readonly_fields = ("accuracy", "auc_roc", "precision", "recall", "f1_score", "created_at")

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(ModelVersion)
class ModelVersionAdmin(OperatedAdmin):
    """Every version of the installation. Whether one may serve is decided by actions, never by typing."""

    list_display = ("name", "version", "company", "is_default", "state", "state_reason", "created_at")
    list_filter = ("state", "is_default", "model_type")
    search_fields = ("name", "company__name", "file_path")
    list_select_related = ("company", "model_type")
    inlines = (ModelMetricsInline,)
    actions = (
        "deploy",
        "deploy_beside",
        "deploy_in_shadow",
        "withdraw",
        "verify_files",
        "quarantine",
        "release",
    )

    def get_readonly_fields(self, request, obj=None):
        return [field.name for field in ModelVersion._meta.fields]

    @admin.action(description="Deploy as champion of its company", permissions=["operate"])
    def deploy(self, request, queryset):
        self._deploy(request, queryset, ModelDeployment.Role.CHAMPION)

    @admin.action(description="Deploy beside the champion of its company", permissions=["operate"])
    def deploy_beside(self, request, queryset):
        self._deploy(request, queryset, ModelDeployment.Role.ALTERNATIVE)

    @admin.action(description="Deploy as challenger of its company", permissions=["operate"])
    def deploy_in_shadow(self, request, queryset):
        self._deploy(request, queryset, ModelDeployment.Role.CHALLENGER)

    def _deploy(self, request, queryset, role):
        self.each(
            request,
            queryset,
            f"serves its company as {role.lower()}",
            lambda version: deploy_version(
                version=version, company=_company_of(version), role=role, **self.decision(request)
            ),
        )

    @admin.action(description="Withdraw from its company", permissions=["operate"])
    def withdraw(self, request, queryset):
        self.each(
            request,
            queryset,
            "no longer serves its company",
            lambda version: withdraw_version(
                version=version, company=_company_of(version), **self.decision(request)
            ),
        )

    @admin.action(description="Verify files", permissions=["operate"])
    def verify_files(self, request, queryset):
        self.each(
            request,
            queryset,
            "has the files that were registered",
            lambda version: verify_version(version=version),
        )

    @admin.action(description="Quarantine: take out of service", permissions=["operate"])
    def quarantine(self, request, queryset):
        reason = request.POST.get("reason", "").strip() or "By an operator."
        self.each(
            request,
            queryset,
            "serves nobody until it is released",
            lambda version: quarantine_version(
                version=version, reason=reason, by=request.user, at=timezone.now()
            ),
        )

    @admin.action(description="Release: let it serve again", permissions=["operate"])
    def release(self, request, queryset):
        self.each(
            request,
            queryset,
            "may serve again",
            lambda version: release_version(version=version, by=request.user, at=timezone.now()),
        )


def _company_of(version):
    if version.company is None:
        raise DomainError(
            f"{version} belongs to everybody. Say for which company: manage.py deploy --company ID --number "
            f"{version.number} --type {version.model_type.slug}.",
            code="no-company",
        )
    return version.company


@admin.register(ModelMetrics)
class ModelMetricsAdmin(LogAdmin):
    list_display = ("model", "accuracy", "auc_roc", "precision", "recall", "f1_score", "created_at")
    list_select_related = ("model",)


@admin.register(ModelDeployment)
class ModelDeploymentAdmin(OperatedAdmin):
    list_display = (
        "company", "model", "role", "is_active", "who", "reason", "deployed_at", "deactivated_at",
    )  # fmt: skip
    list_filter = ("is_active", "role")
    search_fields = ("company__name", "model__name", "actor_name", "reason")
    list_select_related = ("company", "model", "deployed_by__account")
    date_hierarchy = "deployed_at"
    actions = ("withdraw", "roll_back")

    @admin.action(description="Withdraw", permissions=["operate"])
    def withdraw(self, request, queryset):
        self.each(
            request,
            queryset,
            "was withdrawn",
            lambda deployment: withdraw_deployment(deployment=deployment, **self.decision(request)),
        )

    @admin.action(description="Roll back the champion of this company", permissions=["operate"])
    def roll_back(self, request, queryset):
        # Two rows of one company are one roll-back: the second would undo more than was asked for.
        companies = {row.company_id: row.company for row in queryset.select_related("company")}
        self.each(
            request,
            companies.values(),
            "is back at the champion before, or at the best default",
            lambda company: roll_back(company=company, **self.decision(request)),
        )


@admin.register(DeploymentEvent)
class DeploymentEventAdmin(LogAdmin):
    """The ledger. Nothing in it can be changed or deleted, here or elsewhere."""

    list_display = ("company", "sequence", "at", "action", "version", "role", "actor_name", "reason")
    list_filter = ("action", "role")
    search_fields = ("company__name", "version__name", "actor_name", "reason")
    list_select_related = ("company", "version")
    date_hierarchy = "at"
    ordering = ("-at", "-sequence")


@admin.register(Dataset)
class DatasetAdmin(LogAdmin):
    list_display = ("name", "company", "is_original", "is_uploaded", "is_combined", "row_count", "created_at")
    list_filter = ("is_original", "is_uploaded", "is_combined")
    search_fields = ("name", "original_filename", "company__name")
    list_select_related = ("company",)
