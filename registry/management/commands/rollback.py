from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.models import Account, Company, normalise_email
from core.errors import DomainError
from registry.selectors import population_named
from registry.services.deployments import roll_back


class Command(BaseCommand):
    help = "Withdraw the champion of a company; the champion before it takes over, or the best default."

    def add_arguments(self, parser):
        parser.add_argument("--company", required=True, metavar="ID", help="company ID")
        parser.add_argument(
            "--base",
            default="",
            metavar="NAME",
            help="customer base, by name or UUID; default: the telecom base",
        )
        parser.add_argument("--reason", required=True, help="why; it is kept in the ledger for good")
        parser.add_argument(
            "--by", metavar="EMAIL", help="e-mail of the person who answers for it; default: the installation"
        )

    def handle(self, *, company, base, reason, by, **options):
        try:
            company = Company.objects.get(pk=company.strip().upper())
            done = roll_back(
                company=company,
                population=population_named(company, base),
                by=Account.objects.get(email=normalise_email(by)) if by else None,
                reason=reason,
                at=timezone.now(),
            )
        except (ObjectDoesNotExist, DomainError) as error:
            raise CommandError(str(error)) from error
        now = f"{done.champion} is the champion again" if done.champion else "the best default is suggested"
        self.stdout.write(f"{done.withdrawn} was withdrawn; {now}.")
