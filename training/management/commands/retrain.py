import time

from celery import current_app
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.access import membership
from companies.models import Company
from companies.selectors import developer_of
from core.errors import DomainError
from jobs.models import Job
from jobs.runner import run_job
from registry.uploads import LEAVE_OUT, REFUSE
from training.models import TrainingRun
from training.services.retraining import start_retraining

PAUSE = 0.5


class Command(BaseCommand):
    help = "Retrain the model of a company with a file, as its developer would on the page."

    def add_arguments(self, parser):
        parser.add_argument("file", help="CSV or XLSX, one row per customer, with the outcome")
        parser.add_argument("--company", required=True, help="company ID")
        parser.add_argument("--reason", required=True, help="why; stands beside the version")
        parser.add_argument(
            "--leave-out-bad-rows", action="store_true", help="learn from the others instead of refusing"
        )
        parser.add_argument(
            "--wait",
            action="store_true",
            help="do it here and now, and say what came of it; otherwise a worker does it",
        )

    def handle(self, *, file, company, reason, leave_out_bad_rows, wait, **options):
        member = self._developer(company)
        try:
            with open(file, "rb") as handle:
                run = start_retraining(
                    member=member,
                    upload=File(handle, name=file.rpartition("/")[2]),
                    reason=reason,
                    bad_rows=LEAVE_OUT if leave_out_bad_rows else REFUSE,
                    at=timezone.now(),
                )
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except DomainError as error:
            raise CommandError(str(error)) from error
        if not wait:
            self.stdout.write(f"Queued: retraining {run.uuid}.")
            return

        # Done here unless a worker was quicker; either way the row says how it ended.
        current_app.loader.import_default_modules()
        run_job(run.job_id)
        while not (job := Job.objects.get(pk=run.job_id)).has_ended:
            time.sleep(PAUSE)
        if job.state != Job.State.SUCCEEDED:
            raise CommandError((job.error or {}).get("message", job.get_state_display()))
        run = TrainingRun.objects.with_related().get(pk=run.pk)
        self.stdout.write(
            f"{run.version} learned from the {run.combination['rows']:,} customers of {run.combined_dataset}."
        )
        self.stdout.write(run.comparison["sentence"])

    def _developer(self, company_id):
        try:
            company = Company.objects.get(pk=company_id.strip().upper())
        except Company.DoesNotExist as error:
            raise CommandError(f"There is no company {company_id}.") from error
        developer = developer_of(company)
        if developer is None:
            raise CommandError(f"{company} has no approved developer, and nobody else retrains its models.")
        return membership(developer.account)
