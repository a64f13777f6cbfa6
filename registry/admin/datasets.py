"""The tables that models learned from."""

from django.contrib import admin

from companies.admin import ReadOnlyAdmin
from registry.models import Dataset


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
