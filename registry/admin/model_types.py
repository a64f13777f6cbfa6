"""What each type of model is trained with."""

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe

from core.errors import DomainError
from registry.models import ModelType
from registry.services.model_types import change_model_type, check_parameters, describe_parameters


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
