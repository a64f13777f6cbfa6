from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.forms import ApiKeyForm
from companies.management.members import find_company
from companies.models import Scope
from companies.services.api_keys import create_api_key
from core.errors import DomainError


class Command(BaseCommand):
    help = "Make an API key that acts as the developer of a company, and print it, once."

    def add_arguments(self, parser):
        parser.add_argument("--company", required=True, metavar="ID", help="the company ID")
        parser.add_argument("--name", required=True, help="what the key is for")
        parser.add_argument(
            "--scopes",
            required=True,
            help=f"what the key may do, separated by commas: {', '.join(Scope.values)}",
        )
        parser.add_argument(
            "--days", type=int, help="how many days the key works (default: until it is revoked)"
        )

    def handle(self, *, company, name, scopes, days, **options):
        at = timezone.now()
        try:
            key, secret = create_api_key(
                company=find_company(company),
                name=ApiKeyForm.base_fields["name"].clean(name),
                scopes=[scope.strip() for scope in scopes.split(",") if scope.strip()],
                expires_at=at + timedelta(days=days) if days is not None else None,
                by=None,
                at=at,
            )
        except ValidationError as error:
            raise CommandError(f"--name: {' '.join(error.messages)}") from error
        except OverflowError as error:
            raise CommandError("--days: That is too far ahead. Give fewer days.") from error
        except DomainError as error:
            raise CommandError(str(error)) from error
        # The key alone goes to the standard output, so that a script can take it from there.
        self.stderr.write(
            f"“{key.name}” acts as {key.created_by.email} for {key.company}. The key is not shown again:"
        )
        self.stdout.write(secret)
