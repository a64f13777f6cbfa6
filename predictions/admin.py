from django.contrib import admin

from companies.admin import ReadOnlyAdmin, link_to
from predictions.models import Prediction


@admin.register(Prediction)
class PredictionAdmin(ReadOnlyAdmin):
    """A log: who predicted what, when, with which version. Read-only."""

    list_display = (
        "prediction_name", "company", "population", "person", "model", "state", "customers", "created_at",
    )  # fmt: skip
    list_filter = (
        "job__state",
        "created_at",
        "model__model_type",
        "population__kind",
        ("population", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("company", "population", "model", "job", "user__account", "developer__account")
    search_fields = ("prediction_name", "company__name", "uuid")
    date_hierarchy = "created_at"
    documents = ("result",)
    fields = (
        "prediction_name", "uuid", "company", "population", "person", "model_link", "job_link",
        "original_filename", "upload_dataset_path", "result_dataset_path", "created_at", "input_data",
        "result",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="person")
    def person(self, prediction):
        return prediction.account.email

    @admin.display(description="state", ordering="job__state")
    def state(self, prediction):
        return prediction.job.get_state_display()

    @admin.display(description="customers")
    def customers(self, prediction):
        return f"{(prediction.input_data or {}).get('accepted') or 0:,}"

    @admin.display(description="model")
    def model_link(self, prediction):
        return link_to("admin:registry_modelversion_change", prediction.model)

    @admin.display(description="job")
    def job_link(self, prediction):
        return link_to("admin:jobs_job_change", prediction.job)
