"""The page on which an operator takes in a model that was trained elsewhere."""

import shutil
import tempfile
from pathlib import Path

from django import forms
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from companies.models import Company
from core.errors import DomainError
from intake.services.waiting import waiting_room
from registry.presenting.claims import compare_claims
from registry.services.importing import import_skops, import_version
from registry.services.opening import load_manifest
from tabular.source.upload import display_name


class ImportForm(forms.Form):
    """The files of a model that was trained elsewhere."""

    model = forms.FileField(
        help_text="A pipeline saved with skops.io.dump, or the manifest (.json) of a graph."
    )
    graph = forms.FileField(
        required=False,
        label="ONNX graph",
        help_text="The graph that belongs to the manifest. Not needed "
        "for a linear model whose weights stand in the manifest.",
    )
    customers = forms.FileField(
        required=False,
        help_text="CSV or XLSX: customers with outcomes, from whom the model did not learn. All figures "
        "are measured on them. Needed for a skops file. With a column churn_probability, the model must "
        "give each customer that probability.",
    )
    metadata = forms.FileField(
        required=False,
        help_text="The _metadata.pkl with the five figures of the model. Needed if the "
        "manifest does not have them and no customers are given.",
    )
    company = forms.ModelChoiceField(
        Company.objects.order_by("name"),
        required=False,
        empty_label="Everybody: it becomes the default of its type",
    )


class TakesInModels:
    """For the page of versions: a button that leads to the form."""

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
                    claims = compare_claims(load_manifest(version, at=timezone.now()))
                    self.message_user(request, f"{version} is registered. {claims}".rstrip())
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
    with tempfile.TemporaryDirectory(dir=waiting_room(), prefix="import-") as folder:
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
        return import_skops(
            model_path=stored["model"],
            customers_path=stored["customers"],
            metadata_path=stored["metadata"],
            **owner,
        )


def _store(upload, folder):
    if upload is None:
        return None
    folder.mkdir()
    # Shown in sentences; what a browser sends as a name is no path.
    stored = folder / display_name(upload.name)[-100:]
    with stored.open("wb") as file:
        shutil.copyfileobj(upload, file)
    return stored
