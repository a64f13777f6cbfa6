import shutil
import tempfile
from pathlib import Path

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe

from companies.admin import ReadOnlyAdmin, ReasonForm
from companies.models import Company
from core.errors import DomainError
from registry.models import (
    Dataset,
    DeploymentEvent,
    ModelDeployment,
    ModelMetrics,
    ModelType,
    ModelVersion,
    ShadowRun,
)
from registry.services.deployments import deploy_version, roll_back, withdraw_deployment, withdraw_version
from registry.services.importing import import_skops, import_version
from registry.services.model_types import change_model_type, check_parameters, describe_parameters
from registry.services.promotion import promote_version
from registry.services.release import release_version, resign_version, verify_version
from registry.services.states import quarantine_version
from tabular.source.upload import display_name


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


class CompanyReasonForm(ReasonForm):
    """For which company, and why. A version of a company needs no answer to the first."""

    company = forms.ModelChoiceField(
        Company.objects.order_by("name"),
        required=False,
        empty_label="The company that it belongs to",
        help_text="A default belongs to everybody: say for whom.",
    )
    field_order = ("company", "reason")


class DeployForm(CompanyReasonForm):
    role = forms.ChoiceField(label="As what", choices=ModelDeployment.Role.choices)
    field_order = ("company", "role", "reason")


class ImportForm(forms.Form):
    """The files of a model that was trained elsewhere."""

    model = forms.FileField(
        help_text="A pipeline saved with skops.io.dump, or the manifest (.json) of a graph."
    )
    graph = forms.FileField(
        required=False, label="ONNX graph", help_text="Beside a manifest; folded models need none."
    )
    customers = forms.FileField(
        required=False,
        help_text="CSV or XLSX: customers with outcomes whom the model has not learned from. A skops file "
        "needs them. All figures come from them; with a column churn_probability, each is compared.",
    )
    metadata = forms.FileField(
        required=False, help_text="The _metadata.pkl with the five figures, where a manifest lacks them."
    )
    company = forms.ModelChoiceField(
        Company.objects.order_by("name"),
        required=False,
        empty_label="Everybody: it becomes the default of its type",
    )


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
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
        "created_at",
    )
    list_filter = ("state", "is_default", "model_type", "population")
    search_fields = ("name", "company__name", "file_path")
    list_select_related = ("company", "model_type", "population")
    inlines = (ModelMetricsInline,)
    actions = (
        "deploy", "withdraw", "promote", "verify_files", "quarantine", "release", "sign_again",
    )  # fmt: skip

    def get_readonly_fields(self, request, obj=None):
        return [field.name for field in ModelVersion._meta.fields]

    def describe(self, row):
        return f"{row} of {row.company or 'everybody'}"

    # --- Actions -------------------------------------------------------------------------------------

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

    @admin.action(description="Promote to default …", permissions=["act"])
    def promote(self, request, queryset):
        return self.ask(
            request,
            queryset,
            title="Promote to default",
            explanation="Each becomes the default of its type, for every company, under the next number. "
            "The default before it keeps its files and can be promoted again; whom it served is served by "
            "the new one. A version of a company stays theirs as well: promote one only if they agreed, for "
            "what it learned from them and 50 example rows without customer IDs become part of everybody's "
            "default.",
            service=lambda version, reason: promote_version(
                version=version, by=request.user, reason=reason, at=timezone.now()
            ),
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

    @admin.action(description="Quarantine …", permissions=["act"])
    def quarantine(self, request, queryset):
        return self.ask(
            request,
            queryset,
            title="Quarantine",
            explanation="They serve nobody until they are released. Whoever is served by one is suggested "
            "what served before it.",
            service=lambda version, reason: quarantine_version(
                version=version, by=request.user, reason=reason, at=timezone.now()
            ),
            done="serves nobody until it is released",
            button="Take out of service",
        )

    @admin.action(description="Release …", permissions=["act"])
    def release(self, request, queryset):
        return self.ask(
            request,
            queryset,
            title="Release",
            explanation="Their files are compared once more; where all are those that were registered, the "
            "version serves again where it did.",
            service=lambda version, reason: release_version(
                version=version, by=request.user, reason=reason, at=timezone.now()
            ),
            done="may serve again",
            button="Let them serve again",
        )

    @admin.action(description="Sign again …", permissions=["act"])
    def sign_again(self, request, queryset):
        return self.ask(
            request,
            queryset,
            title="Sign again",
            explanation="For after a change of SECRET_KEY. Only versions are signed whose files have the "
            "hashes that stand in the database: by signing you vouch that nobody changed both.",
            service=lambda version, reason: resign_version(
                version=version, by=request.user, reason=reason, at=timezone.now()
            ),
            done="has a signature that holds",
            button="Sign again",
        )

    # --- Import --------------------------------------------------------------------------------------

    def get_urls(self):
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name="registry_modelversion_import"), *super().get_urls()]

    def import_view(self, request):
        """Take in a model that was trained elsewhere."""
        if not self.has_act_permission(request):
            raise PermissionDenied
        form, error = ImportForm(), None
        if request.method == "POST":
            form = ImportForm(request.POST, request.FILES)
            if form.is_valid():
                try:
                    version = _take_in(by=request.user, **form.cleaned_data)
                except DomainError as refusal:
                    error = refusal
                else:
                    self.message_user(request, f"{version} is registered.")
                    return redirect("admin:registry_modelversion_change", version.pk)
        context = self.admin_site.each_context(request) | {
            "title": "Import a model",
            "form": form,
            "error": error,
            "opts": self.opts,
        }
        status = error.http_status if error else 400 if form.errors else 200
        return TemplateResponse(request, "registry/admin_import.html", context, status=status)


def _take_in(*, model, graph, customers, metadata, company, by):
    """Hand uploaded files to the service under the names that their owner knows, in a folder of their own."""
    with tempfile.TemporaryDirectory(dir=settings.STATE_DIR) as folder:
        stored = {
            part: _store(upload, Path(folder) / part)
            for part, upload in {
                "model": model,
                "graph": graph,
                "customers": customers,
                "metadata": metadata,
            }.items()
        }
        owner = {"company": company, "by": by, "at": timezone.now()}
        if stored["model"].suffix.lower() == ".json":
            return import_version(
                manifest_path=stored["model"],
                graph_path=stored["graph"],
                metadata_path=stored["metadata"],
                customers_path=stored["customers"],
                **owner,
            )
        return import_skops(model_path=stored["model"], customers_path=stored["customers"], **owner)


def _store(upload, folder):
    if upload is None:
        return None
    folder.mkdir()
    # Shown in sentences; what a browser sends as a name is no path.
    stored = folder / display_name(upload.name)[-100:]
    with stored.open("wb") as file:
        shutil.copyfileobj(upload, file)
    return stored


def _company_of(version, asked_for):
    if version.company is None and asked_for is None:
        raise DomainError("It belongs to everybody. Say for which company.", code="no-company")
    return asked_for or version.company


@admin.register(ModelMetrics)
class ModelMetricsAdmin(ReadOnlyAdmin):
    list_display = ("model", "accuracy", "auc_roc", "precision", "recall", "f1_score", "created_at")
    list_select_related = ("model",)


@admin.register(ModelDeployment)
class ModelDeploymentAdmin(ReadOnlyAdmin):
    list_display = (
        "company", "population", "model", "role", "is_active", "who", "reason", "deployed_at",
        "deactivated_at",
    )  # fmt: skip
    list_filter = ("is_active", "role")
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
            done="is back at the champion before, or at the best default",
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
    list_filter = ("action", "role")
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


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "company",
        "population",
        "is_original",
        "is_uploaded",
        "is_combined",
        "row_count",
        "created_at",
    )
    list_filter = ("is_original", "is_uploaded", "is_combined")
    search_fields = ("name", "original_filename", "company__name")
    list_select_related = ("company", "population")
