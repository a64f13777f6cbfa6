from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.management.members import find_company
from companies.selectors import developer_of
from registry.services.initialisation import (
    check_existing_models,
    get_model_metrics,
    initialize_developer_environment,
)


class Command(BaseCommand):
    help = (
        "Set up what a new developer needs: folders, the original data set and the defaults. Doing it "
        "again changes nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("--company", required=True, metavar="ID", help="company ID")

    def handle(self, *, company, **options):
        company = find_company(company)
        developer = developer_of(company)
        if developer is None:
            raise CommandError(f"{company} has no approved developer. Approve one first.")
        was_there = check_existing_models(company=company)
        initialize_developer_environment(developer=developer, at=timezone.now())
        for name, figures in get_model_metrics(company=company).items():
            told = ", ".join(
                f"{figure} {value:.4f}" for figure, value in figures.items() if value is not None
            )
            self.stdout.write(f"{name}: {told}")
        self.stdout.write("Nothing was missing." if was_there else f"{developer} is set up.")
