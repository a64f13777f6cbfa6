from django.core.management.base import BaseCommand
from django.utils import timezone

from companies.management.members import find_developer
from intake.management.account import say_account
from intake.management.reading import (
    add_bad_rows_argument,
    add_reading_arguments,
    bad_rows_of,
    opened,
    reading_of,
    told_at_the_end,
)
from jobs.management.outcomes import see_succeed
from registry.management.bases import add_base_argument, find_base
from registry.presenting.signal import warning_about
from training.models import TrainingRun
from training.presenting.findings import RetrainingFindings
from training.services.retraining import start_retraining


class Command(BaseCommand):
    help = "Retrain the model of a company with a file, as its developer would on the page."

    def add_arguments(self, parser):
        parser.add_argument("file", help="CSV or XLSX, one row per customer, with the outcome")
        parser.add_argument("--company", required=True, help="company ID")
        parser.add_argument("--reason", required=True, help="why; it is kept beside the version")
        add_base_argument(parser)
        parser.add_argument(
            "--type",
            help="slug of the model type, for a base of the company; default: that of the latest training",
        )
        add_bad_rows_argument(parser, does="learn from")
        add_reading_arguments(parser)
        parser.add_argument(
            "--wait",
            action="store_true",
            help="do it here and now, and say what came of it; otherwise a worker does it",
        )

    def handle(self, *, file, company, reason, base, type, wait, **options):
        member = find_developer(company, does="retrains its models")
        with told_at_the_end(), opened(file) as upload:
            run = start_retraining(
                member=member,
                upload=upload,
                reason=reason,
                population=find_base(member.company, base),
                model_type=type,
                bad_rows=bad_rows_of(options),
                **reading_of(options),
                at=timezone.now(),
            )
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
