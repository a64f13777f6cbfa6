from django.contrib import admin

from companies.admin import ReadOnlyAdmin
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.selectors import status_of


@admin.register(AnalysisSession)
class AnalysisSessionAdmin(ReadOnlyAdmin):
    """The purchase logs of all companies: who sent them, and how they stand. Read-only."""

    list_display = ("name", "company", "population", "account", "state", "rows", "created_at")
    list_filter = ("state",)
    list_select_related = ("company", "population", "dataset", "account", "job")
    search_fields = ("dataset__name", "company__name", "id")
    date_hierarchy = "created_at"
    documents = ("preview", "parse_spec", "import_report", "profile")
    fields = (
        "name", "id", "company", "population", "account", "status", "rows", "job", "dataset", "mapping",
        "import_report", "events_path", "rejects_path", "horizon_days", "gap_days", "active_window_days",
        "configured_at", "closed_days", "days_between", "created_at",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="name", ordering="dataset__name")
    def name(self, analysis):
        return analysis.dataset.name

    @admin.display(description="status")
    def status(self, analysis):
        return status_of(analysis)

    @admin.display(description="rows", ordering="dataset__row_count")
    def rows(self, analysis):
        return f"{analysis.dataset.row_count:,}"


@admin.register(FeatureMatrix)
class FeatureMatrixAdmin(ReadOnlyAdmin):
    """The features that were computed from logs. Read-only."""

    list_display = ("__str__", "company", "as_of", "label_source", "state", "created_at")
    list_filter = ("feature_set", "state", "label_source")
    list_select_related = ("analysis__company", "analysis__dataset")
    search_fields = ("analysis__dataset__name", "analysis__company__name", "id")
    date_hierarchy = "created_at"
    documents = ("report", *(f"analysis__{name}" for name in AnalysisSessionAdmin.documents))
    fields = (
        "id", "analysis", "company", "account", "feature_set", "as_of", "label_source", "horizon_days",
        "gap_days", "active_window_days", "state", "job", "dataset", "parquet_path", "csv_path", "report",
        "created_at",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="company", ordering="analysis__company__name")
    def company(self, matrix):
        return matrix.analysis.company
