from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.errors import DomainError
from training.services.seeding import seed_defaults


class Command(BaseCommand):
    help = "Train and register the default models that are missing. Does nothing when all of them are ready."
    # Checking the project means importing every page; each start of the server would pay for it twice.
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument(
            "--dataset",
            type=Path,
            metavar="FILE",
            help="learn from this file instead of DatasetA.csv: CSV or XLSX with the same columns",
        )

    def handle(self, *, dataset, **options):
        try:
            seed_defaults(dataset_path=dataset, at=timezone.now(), report=self.stdout.write)
        except DomainError as error:
            raise CommandError(str(error)) from error
