from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.management.members import find_account, find_company
from core.errors import DomainError
from registry.management.bases import add_base_argument, find_base
from registry.models import ModelDeployment, ModelVersion
from registry.presenting.signal import warning_about
from registry.selectors import find_version
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
        add_base_argument(parser)
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
        company = find_company(company)
        try:
            version = find_version(
                company=company,
                model_type=type,
                number=number,
                population=find_base(company, base),
            )
            change = {
                "version": version,
                "company": company,
                "by": find_account(by),
                "reason": reason,
                "at": timezone.now(),
            }
            if role == WITHDRAWN:
                withdraw_version(**change)
            else:
                deploy_version(**change, role=role.upper())
        except (ModelVersion.DoesNotExist, DomainError) as error:
            raise CommandError(str(error)) from error
        outcome = f"no longer serves {company}" if role == WITHDRAWN else f"serves {company} as {role}"
        warning = "" if role == WITHDRAWN else warning_about(version)
        self.stdout.write(f"{version} {outcome}. {warning}".strip())
