import shutil
import time

from celery import current_app
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.access import membership
from companies.models import Account, Company, normalise_email
from core.errors import DomainError
from jobs.models import Job
from jobs.runner import run_job
from predictions import files
from predictions.services.runs import start_prediction
from registry.selectors import versions_for
from registry.uploads import LEAVE_OUT, REFUSE

PAUSE = 0.5


class Command(BaseCommand):
    help = "Predict a file for a company, as one of its members would on the page, and write the result CSV."

    def add_arguments(self, parser):
        parser.add_argument("file", help="CSV or XLSX, one row per customer")
        parser.add_argument("--company", required=True, help="company ID")
        parser.add_argument(
            "--by", help="e-mail of the member who predicts; default: the developer, or the first user"
        )
        parser.add_argument(
            "--model", required=True, help='number of the model, or its name and version: "Neural Network v1"'
        )
        parser.add_argument("--name", help="name in the history; default: the name of the file")
        parser.add_argument(
            "--leave-out-bad-rows", action="store_true", help="predict the others instead of refusing"
        )
        parser.add_argument("--out", help="where to write the result CSV; default: only its place is printed")

    def handle(self, *, file, company, by, model, name, leave_out_bad_rows, out, **options):
        member = self._member(company, by)
        version = self._version(member, model)
        try:
            with open(file, "rb") as handle:
                upload = File(handle, name=file.rpartition("/")[2])
                prediction = start_prediction(
                    member=member,
                    name=name or upload.name,
                    version=version,
                    upload=upload,
                    bad_rows=LEAVE_OUT if leave_out_bad_rows else REFUSE,
                    at=timezone.now(),
                )
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except DomainError as error:
            raise CommandError(str(error)) from error

        # Done here unless a worker was quicker; either way the row says how it ended.
        current_app.loader.import_default_modules()
        run_job(prediction.job_id)
        while not (job := Job.objects.get(pk=prediction.job_id)).has_ended:
            time.sleep(PAUSE)
        if job.state != Job.State.SUCCEEDED:
            raise CommandError((job.error or {}).get("message", job.get_state_display()))

        prediction.refresh_from_db()
        stored = files.absolute(prediction.result_dataset_path)
        if out:
            shutil.copyfile(stored, out)
        counts = prediction.result
        self.stdout.write(f"{counts['churners']:,} of {counts['rows']:,} customers are likely to leave.")
        self.stdout.write(f"Result: {out or stored}")

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
                f"{email or 'Nobody'} is an approved member of {company}; say who predicts with --by."
            )
        return member

    def _version(self, member, wanted):
        offered = versions_for(member).select_related("model_type")
        for version in offered:
            if wanted in (str(version.pk), str(version)):
                return version
        raise CommandError(
            "There is no such model. Choose one of: " + ", ".join(str(version) for version in offered)
        )
