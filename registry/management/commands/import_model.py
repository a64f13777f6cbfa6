from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.models import Company
from core.errors import DomainError
from registry.services.importing import import_version


class Command(BaseCommand):
    help = "Register a model that was trained elsewhere, from a manifest and its ONNX graph; never a pickle."

    def add_arguments(self, parser):
        parser.add_argument("manifest", type=Path, help="JSON, as the manifests beside the default models")
        parser.add_argument("--onnx", type=Path, metavar="FILE", help="the graph; folded models need none")
        parser.add_argument(
            "--metadata", type=Path, metavar="FILE", help="the _metadata.pkl with its five figures"
        )
        parser.add_argument("--company", metavar="ID", help="whose it becomes; without it, the default")

    def handle(self, *, manifest, onnx, metadata, company, **options):
        try:
            version = import_version(
                manifest_path=manifest,
                graph_path=onnx,
                metadata_path=metadata,
                company=Company.objects.get(pk=company) if company else None,
                by=None,
                at=timezone.now(),
            )
        except (Company.DoesNotExist, DomainError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{version} is registered.")
