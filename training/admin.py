from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from companies.admin import ReadOnlyAdmin
from training.models import TrainingRun


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    """A log: who retrained when, from what, why, and what came of it. Read-only."""

    list_display = ("__str__", "company", "person", "version", "state", "customers", "created_at")
    list_filter = ("job__state", "model_type")
    list_select_related = ("company", "version", "job", "developer__account")
    search_fields = ("original_filename", "company__name", "uuid", "reason")
    date_hierarchy = "created_at"
    fields = (
        "uuid", "company", "person", "reason", "model_type", "warm_start", "number", "version_link",
        "job_link", "original_filename", "upload_path", "upload_dataset", "parent_dataset",
        "combined_dataset", "created_at", "input_data", "combination", "comparison",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="person")
    def person(self, run):
        return run.developer.account.email if run.developer else "somebody who left"

    @admin.display(description="state", ordering="job__state")
    def state(self, run):
        return run.job.get_state_display()

    @admin.display(description="customers")
    def customers(self, run):
        return f"{run.input_data.get('accepted', 0):,}"

    @admin.display(description="version")
    def version_link(self, run):
        return _link("admin:registry_modelversion_change", run.version) if run.version else ""

    @admin.display(description="job")
    def job_link(self, run):
        return _link("admin:jobs_job_change", run.job)


def _link(name, row):
    return format_html('<a href="{}">{}</a>', reverse(name, args=(row.pk,)), row)
