from django.core.management.base import BaseCommand, CommandError

from core.errors import DomainError
from registry.models import ModelVersion
from registry.services.release import verify_version


class Command(BaseCommand):
    help = (
        "Compare the files of every version with what was registered; what differs is taken out of service."
    )

    def add_arguments(self, parser):
        parser.add_argument("--company", metavar="ID", help="only the versions of this company")

    def handle(self, *, company, **options):
        versions = ModelVersion.objects.select_related("model_type", "company").order_by("company", "pk")
        if company:
            versions = versions.filter(company=company.strip().upper())
        refused = 0
        for version in versions:
            owner = version.company or "everybody"
            try:
                verify_version(version=version)
            except DomainError as error:
                refused += 1
                self.stdout.write(self.style.ERROR(f"{version} of {owner}: {error}"))
            else:
                self.stdout.write(f"{version} of {owner}: as it was registered")
        if refused:
            raise CommandError(f"{refused} of {len(versions)} versions may not serve.")
        self.stdout.write(f"All {len(versions)} versions may serve.")
