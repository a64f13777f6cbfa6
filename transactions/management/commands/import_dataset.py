import time
from pathlib import Path

from celery import current_app
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.access import membership
from companies.models import Account, Company, normalise_email
from core.errors import DomainError
from jobs.models import Job
from jobs.runner import run_job
from registry.uploads import take_in
from transactions.forms import ROLES
from transactions.models import AnalysisSession
from transactions.services.importing import start_import
from transactions.services.uploads import start_analysis

PAUSE = 0.5


class Command(BaseCommand):
    help = "Import a purchase log of any size for a company, as one of its members would on the page."

    def add_arguments(self, parser):
        parser.add_argument("file", help="CSV or XLSX, one row per purchase")
        parser.add_argument("--company", required=True, help="company ID")
        parser.add_argument(
            "--by", help="e-mail of the member who imports; default: the developer, or the first user"
        )
        parser.add_argument("--name", default="", help="name in the list; default: the name of the file")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="ROLE=COLUMN",
            help=f"what a column means, where it is not recognised; roles: {', '.join(ROLES)}",
        )
        parser.add_argument("--date-order", choices=("DMY", "MDY"), help="where the dates leave it open")
        parser.add_argument("--decimal", choices=(".", ","), help="where the numbers leave it open")

    def handle(self, *, file, company, by, name, column, date_order, decimal, **options):
        member = self._member(company, by)
        chosen = self._chosen(column)
        path = Path(file)
        try:
            with path.open("rb") as handle:
                # Limits of uploads are for those who wait in front of a page.
                upload = take_in(File(handle, name=path.name), largest=path.stat().st_size)
                analysis = start_analysis(
                    member=member, upload=upload, name=name, largest=path.stat().st_size, at=timezone.now()
                )
            guessed = {role: guess["column"] for role, guess in analysis.preview["guesses"].items()}
            analysis = start_import(
                analysis=analysis,
                mapping={**guessed, **chosen},
                date_order=date_order,
                decimal=decimal,
                at=timezone.now(),
            )
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except DomainError as error:
            raise CommandError(str(error)) from error

        # Done here unless a worker was quicker; either way the row says how it ended.
        current_app.loader.import_default_modules()
        run_job(analysis.job_id)
        while not (job := Job.objects.get(pk=analysis.job_id)).has_ended:
            time.sleep(PAUSE)
        if job.state != Job.State.SUCCEEDED:
            raise CommandError((job.error or {}).get("message", job.get_state_display()))
        self._tell(AnalysisSession.objects.get(pk=analysis.pk))

    def _tell(self, analysis):
        report = analysis.import_report
        self.stdout.write(
            f"{report['rows_in']:,} rows = {report['accepted']:,} used + {report['duplicates']:,} duplicates + "
            f"{report['rejected']:,} left out; {report['customers']:,} customers."
        )
        for role, column in report["columns"].items():
            self.stdout.write(f"  {ROLES[role][0]}: {column}")
        for warning in report["warnings"]:
            self.stdout.write(f"  {warning}")
        self.stdout.write(f"Log: {analysis.pk}")

    def _chosen(self, columns):
        pairs = [column.partition("=") for column in columns]
        for role, sign, _ in pairs:
            if not sign or role not in ROLES:
                raise CommandError(f"--column is ROLE=COLUMN, with one of {', '.join(ROLES)}; not {role}.")
        return {role: column for role, _, column in pairs}

    def _member(self, company_id, email):
        try:
            company = Company.objects.get(pk=company_id.strip().upper())
        except Company.DoesNotExist as error:
            raise CommandError(f"There is no company {company_id}.") from error
        if email:
            account = Account.objects.filter(email=normalise_email(email)).first()
        else:
            developer = getattr(company, "developer", None)
            first = company.users.exclude(approved_at=None).order_by("pk").first()
            account = developer.account if developer else first and first.account
        member = membership(account) if account else None
        if member is None or member.company != company or not member.approved:
            raise CommandError(
                f"{email or 'Nobody'} is an approved member of {company}; say who imports with --by."
            )
        return member
