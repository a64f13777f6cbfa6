from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.management.members import find_account, find_company
from core.errors import DomainError
from registry.management.bases import add_base_argument, find_base
from registry.services.deployments import roll_back


class Command(BaseCommand):
    help = "Withdraw the champion of a company; the champion before it takes over, or the best default."

    def add_arguments(self, parser):
        parser.add_argument("--company", required=True, metavar="ID", help="company ID")
        add_base_argument(parser)
        parser.add_argument("--reason", required=True, help="why; it is kept in the ledger for good")
        parser.add_argument(
            "--by", metavar="EMAIL", help="e-mail of the person who answers for it; default: the installation"
        )

    def handle(self, *, company, base, reason, by, **options):
        company = find_company(company)
        try:
            done = roll_back(
                company=company,
                population=find_base(company, base),
                by=find_account(by),
                reason=reason,
                at=timezone.now(),
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{done.withdrawn} was withdrawn; {done.now_serves}.")
