"""What the page of companies is asked about models: whose there are none of."""

from django.contrib import admin

from companies.admin import CompanyAdmin
from registry.models import ModelDeployment, ModelVersion


class ModelFilter(admin.SimpleListFilter):
    """Companies that nobody has made or deployed a model for."""

    title = "model"
    parameter_name = "model"

    def lookups(self, request, model_admin):
        return (("none", "Without one of its own"), ("no-champion", "Without a champion"))

    def queryset(self, request, queryset):
        of_their_own = ModelVersion.objects.filter(company__isnull=False).values("company")
        served = ModelDeployment.objects.champions().values("company")
        return {
            "none": queryset.exclude(pk__in=of_their_own),
            "no-champion": queryset.exclude(pk__in=served),
        }.get(self.value(), queryset)


# Companies stand on the floor below, which knows no model.
CompanyAdmin.list_filter = (ModelFilter, *CompanyAdmin.list_filter)
