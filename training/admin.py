import json

from django import forms
from django.contrib import admin, messages
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from companies.admin import CompanyReasonForm, ReadOnlyAdmin, link_to
from core.figures import percent
from intake.services.checking import LEAVE_OUT, REFUSE
from registry.admin import add_action, asking_why
from registry.presenting.quality import figures_of_churners
from registry.presenting.signal import warning_about
from training.models import ModelSearch, SearchPart, TrainingRun
from training.presenting.purchases import describe_report
from training.services.operating import order_rebuild, retrain_for


class RetrainForm(CompanyReasonForm):
    """With which customers, for which company, and why."""

    file = forms.FileField(
        allow_empty_file=True,  # refused with the words of the file check
        help_text="CSV or XLSX, one row per customer, with the outcome. Its rows are added to the "
        "customers that the company has.",
    )
    leave_out = forms.BooleanField(
        required=False, label="Leave out rows that cannot be read, instead of refusing the file"
    )
    field_order = ("company", "file", "leave_out", "reason")


# Of those who leave, by their name in the stored metrics.
FIGURES = {"auc": "AUC", "f1": "F1", "precision": "precision", "recall": "recall"}


def _figure(stored, key, name):
    """Write a figure of those who leave with three digits, and its 95 % interval where there is one."""
    value = figures_of_churners(stored)[key]
    if value is None:
        return f"{name} unknown (it named nobody)"
    interval = stored.get("intervals", {}).get("churners", {}).get(key)
    known = interval and interval["low"] is not None
    within = f" ({interval['low']:.3f} to {interval['high']:.3f})" if known else ""
    return f"{name} {value:.3f}{within}"


@admin.action(description="Retrain …", permissions=["act"])
def retrain(of_versions, request, queryset):
    if len(queryset) != 1:
        of_versions.message_user(
            request, "Choose one version: the file is for its customers.", messages.ERROR
        )
        return None

    def service(version, *, company, file, leave_out, reason):
        retrain_for(
            version=version,
            company=company,
            upload=file,
            reason=reason,
            bad_rows=LEAVE_OUT if leave_out else REFUSE,
            by=request.user,
            at=timezone.now(),
        )

    return of_versions.ask(
        request,
        queryset,
        title="Retrain",
        explanation="A worker adds the file to the latest data of these customers, trains the type of "
        "this version from scratch with its parameters, and registers the next version. The developer of "
        "the company sees the run, may cancel it, and decides what is deployed.",
        form=RetrainForm,
        service=service,
        done="is being retrained; see the training runs",
        button="Start retraining",
    )


# The registry cannot know how a model is made, so what makes one is added to its page here.
add_action("retrain", retrain)
add_action(
    "rebuild",
    asking_why(
        order_rebuild,
        title="Rebuild and compare",
        explanation="A worker trains each once more from its recorded data, parameters and seed, and "
        "compares the predictions for every customer: they must be equal within 0.000000001. Nothing "
        "that serves is changed. What came of it stands in the audit log; a difference fails the job.",
        done="is being rebuilt; see the jobs",
        button="Rebuild",
    ),
)


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    """A log: who trained when, from what, why, and what came of it. Read-only."""

    list_display = ("__str__", "company", "person", "version", "state", "customers", "created_at")
    list_filter = ("job__state", "created_at", "kind", "model_type", "label_source")
    list_select_related = ("company", "version", "job", "developer__account")
    search_fields = (
        "original_filename", "company__name", "uuid", "reason", "matrix__analysis__dataset__name",
    )  # fmt: skip
    date_hierarchy = "created_at"
    documents = ("combination", "comparison", "report")
    of_both = (
        "uuid", "kind", "company", "population", "person", "model_type", "state", "error", "job_link",
        "version_link", "created_at",
    )  # fmt: skip
    of_customers = (
        "reason", "warm_start", "number", "original_filename", "upload_path", "upload_dataset",
        "parent_dataset", "combined_dataset", "warnings", "input_data", "combination", "comparison",
    )  # fmt: skip
    of_purchases = (
        "matrix_link", "log_link", "label_source", "training_samples", "churned", "figures", "warnings",
        "findings", "stored",
    )  # fmt: skip
    readonly_fields = (*of_both, *of_customers, *of_purchases)

    def get_fields(self, request, obj=None):
        is_of_purchases = obj and obj.kind == TrainingRun.Kind.PURCHASES
        return (*self.of_both, *(self.of_purchases if is_of_purchases else self.of_customers))

    @admin.display(description="person")
    def person(self, run):
        return run.developer.account.email if run.developer else "somebody who left"

    @admin.display(description="state", ordering="job__state")
    def state(self, run):
        return run.job.get_state_display()

    @admin.display(description="what went wrong")
    def error(self, run):
        return (run.job.error or {}).get("message", "")

    @admin.display(description="customers")
    def customers(self, run):
        known = run.training_samples if run.input_data is None else run.input_data.get("accepted", 0)
        return "" if known is None else f"{known:,}"

    @admin.display(description="version")
    def version_link(self, run):
        return link_to("admin:registry_modelversion_change", run.version) if run.version else ""

    @admin.display(description="job")
    def job_link(self, run):
        return link_to("admin:jobs_job_change", run.job)

    @admin.display(description="features")
    def matrix_link(self, run):
        if run.matrix is None:
            return "They were deleted."
        return link_to("admin:transactions_featurematrix_change", run.matrix)

    @admin.display(description="purchase log")
    def log_link(self, run):
        if run.matrix is None:
            return "It was deleted."
        return link_to("admin:transactions_analysissession_change", run.matrix.analysis)

    @admin.display(description="share of them who left")
    def churned(self, run):
        return "" if run.churn_rate is None else percent(run.churn_rate)

    @admin.display(description="figures of those who leave")
    def figures(self, run):
        if run.version is None:
            return ""
        stored = run.version.metrics.additional_metrics
        return ", ".join(_figure(stored, key, name) for key, name in FIGURES.items())

    @admin.display(description="warnings")
    def warnings(self, run):
        told = (run.report or {}).get("warnings") or filter(None, [warning_about(run.version)])
        return format_html_join(mark_safe("<br>"), "{}", ((sentence,) for sentence in told))

    @admin.display(description="report")
    def findings(self, run):
        return format_html_join(
            "",
            "<p><strong>{}</strong><br>{}</p>",
            (
                (heading, format_html_join(mark_safe("<br>"), "{}", ((line,) for line in sentences)))
                for heading, sentences in describe_report(run)
            ),
        )

    @admin.display(description="report as stored")
    def stored(self, run):
        if run.report is None:
            return ""
        text = json.dumps(run.report, indent=2, ensure_ascii=False)
        return format_html("<details><summary>Show</summary><pre>{}</pre></details>", text)


class SearchPartInline(admin.TabularInline):
    """What came of each type, in a row."""

    model = SearchPart
    extra = 0
    can_delete = False
    fields = readonly_fields = ("model_type", "state", "auc", "log_loss", "seconds", "why_not")

    def has_add_permission(self, request, obj=None):
        return False

    @admin.display(description="state")
    def state(self, part):
        return part.job.get_state_display() if part.job else "Waits for its customers"

    @admin.display(description="AUC out of fold")
    def auc(self, part):
        return _found(part, "roc_auc")

    @admin.display(description="log loss out of fold")
    def log_loss(self, part):
        return _found(part, "log_loss")

    @admin.display(description="seconds")
    def seconds(self, part):
        return f"{part.result['seconds']:.1f}" if part.result else ""

    @admin.display(description="why it failed")
    def why_not(self, part):
        return part.result["failed"] if part.result else ((part.job and part.job.error) or {}).get("message")


def _found(part, name):
    value = ((part.result or {}).get("figures") or {}).get(name)
    return "" if value is None else f"{value:.3f}"


@admin.register(ModelSearch)
class ModelSearchAdmin(ReadOnlyAdmin):
    list_display = ("training", "company", "population", "state", "best", "rows", "weights")
    list_filter = ("training__company", "training__job__state")
    list_select_related = (
        "training__company",
        "training__population",
        "training__job",
        "training__model_type",
    )
    fields = readonly_fields = (
        "training_link", "company", "population", "state", "best", "rows", "seconds", "weights", "stopped_at",
    )  # fmt: skip
    inlines = (SearchPartInline,)

    @admin.display(description="training")
    def training_link(self, search):
        return link_to("admin:training_trainingrun_change", search.training)

    @admin.display(description="company")
    def company(self, search):
        return search.training.company

    @admin.display(description="customer base")
    def population(self, search):
        return search.training.population

    @admin.display(description="state")
    def state(self, search):
        return search.training.job.get_state_display()

    @admin.display(description="learns")
    def best(self, search):
        return search.training.model_type if search.ranking else ""

    @admin.display(description="customers")
    def rows(self, search):
        return f"{search.prepared['rows']:,}" if search.prepared else ""
