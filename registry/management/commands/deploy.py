from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.models import Account, Company, normalise_email
from core.errors import DomainError
from registry.models import ModelDeployment
from registry.presenting.signal import warning_about
from registry.selectors import find_version, population_named
from registry.services.deployments import deploy_version, withdraw_version

WITHDRAWN = "withdrawn"


class Command(BaseCommand):
    help = (
        "Deploy a version of a company, or a default, to the people of the company. With --as withdrawn "
        "they are no longer offered it."
    )

    def add_arguments(self, parser):
        parser.add_argument("--company", required=True, metavar="ID", help="company ID")
        parser.add_argument(
            "--number", required=True, type=int, help="3 for v3; 1 is the default of the telecom base"
        )
        parser.add_argument("--type", default="neural_network", metavar="SLUG", help="the model type")
        parser.add_argument(
            "--base",
            default="",
            metavar="NAME",
            help="customer base, by name or UUID; default: the telecom base",
        )
        parser.add_argument(
            "--as",
            dest="role",
            default="champion",
            choices=[*(role.value.lower() for role in ModelDeployment.Role), WITHDRAWN],
            help="champion: chosen unless somebody chooses another (default); alternative: offered beside "
            "it; challenger: scores in the shadow; withdrawn: no longer offered",
        )
        parser.add_argument("--reason", required=True, help="why; it is kept in the ledger for good")
        parser.add_argument(
            "--by", metavar="EMAIL", help="e-mail of the person who answers for it; default: the installation"
        )

    def handle(self, *, company, number, type, base, role, reason, by, **options):
        try:
            company = Company.objects.get(pk=company.strip().upper())
            version = find_version(
                company=company,
                model_type=type,
                number=number,
                population=population_named(company, base),
            )
            change = {
                "version": version,
                "company": company,
                "by": Account.objects.get(email=normalise_email(by)) if by else None,
                "reason": reason,
                "at": timezone.now(),
            }
            if role == WITHDRAWN:
                withdraw_version(**change)
            else:
                deploy_version(**change, role=role.upper())
        except (ObjectDoesNotExist, DomainError) as error:
            raise CommandError(str(error)) from error
        outcome = f"no longer serves {company}" if role == WITHDRAWN else f"serves {company} as {role}"
        warning = "" if role == WITHDRAWN else warning_about(version)
        self.stdout.write(f"{version} {outcome}. {warning}".strip())
