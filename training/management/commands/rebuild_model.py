from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.errors import DomainError
from registry.models import ModelVersion
from training.services.rebuilding import rebuild_version


class Command(BaseCommand):
    help = "Train a version again from its recorded data, parameters and seed, and compare every prediction."

    def add_arguments(self, parser):
        parser.add_argument("version", type=int, help="the id of the version, as in the admin and the API")

    def handle(self, *, version, **options):
        versions = ModelVersion.objects.select_related("model_type", "company", "training_dataset")
        found = versions.filter(pk=version).first()
        if found is None:
            raise CommandError(f"There is no version of the id {version}.")
        try:
            rebuilt = rebuild_version(version=found, at=timezone.now())
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{found}, rebuilt in {rebuilt.seconds:.1f} s, predicts the same for {rebuilt.customers:,} "
            f"customers: the largest difference is {rebuilt.largest_difference:.1g}."
        )
