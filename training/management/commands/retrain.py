from django.core.files import File
from django.core.management.base import BaseCommand
from django.utils import timezone

from companies.management.members import find_developer
from core.errors import DomainError
from intake.management.account import say_account
from intake.management.reading import add_reading_arguments, reading_of, refusal_of, unread
from intake.services.checking import LEAVE_OUT, REFUSE
from jobs.management.outcomes import see_succeed
from registry.models import Population
from registry.presenting.signal import warning_about
from registry.selectors import population_named
from training.models import TrainingRun
from training.presenting.findings import RetrainingFindings
from training.services.retraining import start_retraining


class Command(BaseCommand):
    help = "Retrain the model of a company with a file, as its developer would on the page."

    def add_arguments(self, parser):
        parser.add_argument("file", help="CSV or XLSX, one row per customer, with the outcome")
        parser.add_argument("--company", required=True, help="company ID")
        parser.add_argument("--reason", required=True, help="why; it is kept beside the version")
        parser.add_argument(
            "--base", default="", help="name or UUID of the customer base; default: the telecom base"
        )
        parser.add_argument(
            "--type",
            help="slug of the model type, for a base of the company; default: that of the latest training",
        )
        parser.add_argument(
            "--leave-out-bad-rows", action="store_true", help="learn from the others instead of refusing"
        )
        add_reading_arguments(parser)
        parser.add_argument(
            "--wait",
            action="store_true",
            help="do it here and now, and say what came of it; otherwise a worker does it",
        )

    def handle(self, *, file, company, reason, base, type, leave_out_bad_rows, wait, **options):
        member = find_developer(company, does="retrains its models")
        try:
            population = population_named(member.company, base)
            with open(file, "rb") as handle:
                run = start_retraining(
                    member=member,
                    upload=File(handle, name=file.rpartition("/")[2]),
                    reason=reason,
                    population=population,
                    model_type=type,
                    bad_rows=LEAVE_OUT if leave_out_bad_rows else REFUSE,
                    **reading_of(options),
                    at=timezone.now(),
                )
        except OSError as error:
            raise unread(file, error) from error
        except (DomainError, Population.DoesNotExist) as error:
            raise refusal_of(error) from error
        for sentence in say_account(run.input_data, upload=run.upload_path):
            self.stdout.write(sentence)
        if not wait:
            self.stdout.write(f"Queued: retraining {run.uuid}.")
            return

        see_succeed(run.job)
        run = TrainingRun.objects.with_related().get(pk=run.pk)
        self.stdout.write(
            f"{run.version} learned from the {run.combination['rows']:,} customers of {run.combined_dataset}."
        )
        if warning := warning_about(run.version):
            self.stdout.write(warning)
        if twins := RetrainingFindings(run).twins:
            self.stdout.write(twins)
        self.stdout.write(run.comparison["sentence"])
