from django import forms
from django.contrib import admin, messages
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe

from core.errors import DomainError
from registry.models import Dataset, ModelDeployment, ModelMetrics, ModelType, ModelVersion
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
class ModelVersionAdmin(LogAdmin):
    """Every version of the installation. Whether one may serve is decided by actions, never by typing."""

    list_display = ("name", "version", "company", "is_default", "state", "state_reason", "created_at")
    list_filter = ("state", "is_default", "model_type")
    search_fields = ("name", "company__name", "file_path")
    list_select_related = ("company", "model_type")
    inlines = (ModelMetricsInline,)
    actions = ("verify_files", "quarantine", "release")

    def get_readonly_fields(self, request, obj=None):
        return [field.name for field in ModelVersion._meta.fields]

    def has_operate_permission(self, request):
        return request.user.has_perm("registry.change_modelversion")

    @admin.action(description="Verify files", permissions=["operate"])
    def verify_files(self, request, queryset):
        self._each(
            request,
            queryset,
            "has the files that were registered",
            lambda version: verify_version(version=version),
        )

    @admin.action(description="Quarantine: take out of service", permissions=["operate"])
    def quarantine(self, request, queryset):
        self._each(
            request,
            queryset,
            "serves nobody until it is released",
            lambda version: quarantine_version(
                version=version, reason="By an operator.", by=request.user, at=timezone.now()
            ),
        )

    @admin.action(description="Release: let it serve again", permissions=["operate"])
    def release(self, request, queryset):
        self._each(
            request,
            queryset,
            "may serve again",
            lambda version: release_version(version=version, by=request.user, at=timezone.now()),
        )

    def _each(self, request, queryset, outcome, act):
        for version in queryset.select_related("model_type", "company"):
            try:
                act(version)
            except DomainError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, f"{version} {outcome}.")


@admin.register(ModelMetrics)
class ModelMetricsAdmin(LogAdmin):
    list_display = ("model", "accuracy", "auc_roc", "precision", "recall", "f1_score", "created_at")
    list_select_related = ("model",)


@admin.register(ModelDeployment)
class ModelDeploymentAdmin(LogAdmin):
    list_display = ("company", "model", "is_active", "deployed_by", "deployed_at", "deactivated_at")
    list_filter = ("is_active",)
    search_fields = ("company__name", "model__name")
    list_select_related = ("company", "model", "deployed_by__account")
    date_hierarchy = "deployed_at"


@admin.register(Dataset)
class DatasetAdmin(LogAdmin):
    list_display = ("name", "company", "is_original", "is_uploaded", "is_combined", "row_count", "created_at")
    list_filter = ("is_original", "is_uploaded", "is_combined")
    search_fields = ("name", "original_filename", "company__name")
    list_select_related = ("company",)
