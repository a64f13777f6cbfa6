from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.management.members import find_company
from core.errors import DomainError
from registry.presenting.claims import compare_claims
from registry.services.importing import import_skops, import_version
from registry.services.opening import load_manifest


class Command(BaseCommand):
    help = (
        "Register a model that was trained elsewhere: a skops file with customers to try it out, or a "
        "manifest with its ONNX graph. Never a pickle."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "model", type=Path, help="FILE.skops, or a manifest as the ones beside the default models"
        )
        parser.add_argument(
            "--onnx",
            type=Path,
            metavar="FILE",
            help="the ONNX graph; not needed for a linear model whose weights stand in the manifest",
        )
        parser.add_argument(
            "--customers",
            type=Path,
            metavar="FILE",
            help="file of customers with outcomes, from whom the model did not learn: its figures are "
            "measured on them. Needed for a skops file. With a column churn_probability, the model must "
            "give each customer that probability",
        )
        parser.add_argument(
            "--metadata",
            type=Path,
            metavar="FILE",
            help="the _metadata.pkl with the five figures of the model; with --customers, they are told "
            "beside the measured ones",
        )
        parser.add_argument(
            "--company",
            metavar="ID",
            help="ID of the company that gets the model; "
            "without it, the model becomes the default of its type",
        )

    def handle(self, *, model, onnx, customers, metadata, company, **options):
        try:
            owner = {
                "company": find_company(company) if company else None,
                "by": None,
                "at": timezone.now(),
            }
            if model.suffix.lower() == ".json":
                version = import_version(
                    manifest_path=model,
                    graph_path=onnx,
                    metadata_path=metadata,
                    customers_path=customers,
                    **owner,
                )
            else:
                version = import_skops(
                    model_path=model, customers_path=customers, metadata_path=metadata, **owner
                )
        except DomainError as error:
            raise CommandError(str(error)) from error
        claims = compare_claims(load_manifest(version, at=owner["at"]))
        self.stdout.write(f"{version} is registered. {claims}".rstrip())
