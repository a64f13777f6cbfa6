import shutil
from contextlib import nullcontext
from datetime import date

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.management.members import find_member
from core.files.media import readable_path
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
from predictions.presenting.logs import LogResult
from predictions.presenting.named import Named
from predictions.services.logs import start_log_prediction
from predictions.services.renewing import start_newer_prediction
from predictions.services.runs import start_prediction
from registry.management.bases import add_base_argument, find_base
from registry.presenting.signal import warning_about
from registry.selectors import offered_versions
from tabular.snapshots.ages import say_day
from transactions.selectors import analyses_for


class Command(BaseCommand):
    help = (
        "Predict a file of customers, or those of a purchase log, for a company as one of its members would "
        "on the page, and write the result CSV."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "file", nargs="?", help="CSV or XLSX, one row per customer; with --log a newer export of the log"
        )
        parser.add_argument(
            "--log", help="id of a log that was read; without a file, its customers are scored"
        )
        parser.add_argument("--company", required=True, help="company ID")
        parser.add_argument(
            "--by", help="e-mail of the member who predicts; default: the developer, or the first user"
        )
        parser.add_argument(
            "--model",
            help='number of the model, or its name and version: "Neural Network v1"; a log is scored by the '
            "champion of its customers",
        )
        parser.add_argument(
            "--name", default="", help="name in the history; default: that of the file or log"
        )
        add_base_argument(parser, default="that of the model, unless two have a model of the same name")
        add_bad_rows_argument(parser, does="predict")
        parser.add_argument(
            "--as-of",
            type=date.fromisoformat,
            metavar="DAY",
            help="day from which the dates of the file are counted back, as in 2026-11-30; default: the "
            "latest date in the file",
        )
        add_reading_arguments(parser)
        parser.add_argument("--out", help="where to write the result CSV; default: only its place is printed")

    def handle(self, *, file, company, by, out, **options):
        member = find_member(company, by, does="predicts")
        start = self._of_log if options["log"] else self._of_customers
        if not file and not options["log"]:
            raise CommandError("Name a file of customers, or a purchase log with --log.")
        with told_at_the_end(), opened(file) if file else nullcontext() as upload:
            prediction = start(member, upload, **options)
        see_succeed(prediction.job)
        prediction.refresh_from_db()
        self._tell(prediction, out)

    def _of_customers(self, member, upload, *, base, model, name, as_of, **options):
        if not model:
            raise CommandError("Say with --model which model predicts.")
        return start_prediction(
            member=member,
            name=name or upload.name,
            version=self._version(member, base, model),
            upload=upload,
            bad_rows=bad_rows_of(options),
            as_of=as_of,
            **reading_of(options),
            at=timezone.now(),
        )

    def _of_log(self, member, upload, *, log, base, model, name, as_of, **options):
        if base or model or as_of or options["leave_out_bad_rows"]:
            raise CommandError(
                "A log takes no --base, --model, --leave-out-bad-rows or --as-of: the champion of its "
                "customers scores it as of its end. Leave them out."
            )
        try:
            analysis = analyses_for(member).get(pk=log)
        except (ObjectDoesNotExist, ValidationError) as error:
            raise CommandError(f"{member.company} has no purchase log {log}.") from error
        sent = {"member": member, "name": name, "at": timezone.now()}
        if upload is None:
            return start_log_prediction(analysis=analysis, **sent)
        # The limit of uploads is for those who wait in front of a page.
        return start_newer_prediction(
            earlier=analysis, upload=upload, largest=max(upload.size, 1), **reading_of(options), **sent
        )

    def _tell(self, prediction, out):
        stored = readable_path(prediction.result_dataset_path)
        if warning := warning_about(prediction.model):
            self.stdout.write(warning)
        if not prediction.reads_log:
            for sentence in say_account(prediction.input_data, upload=prediction.upload_dataset_path):
                self.stdout.write(sentence)
        if out:
            shutil.copyfile(stored, out)
        self.stdout.write(f"{Named(prediction.result).headline}.")
        if prediction.as_of:
            self.stdout.write(f"As of {say_day(prediction.as_of)}.")
        if prediction.reads_log:
            self._tell_of_log(LogResult(prediction))
        self.stdout.write(f"Result: {out or stored}")

    def _tell_of_log(self, log):
        changes = log.changes
        told = (
            log.who,
            log.lapsed["customers"] and f"{log.lapsed_headline}.",
            log.overlap,
            changes and f"{changes.headline}. {changes.came_true}",
        )
        for sentence in filter(None, told):
            self.stdout.write(sentence)

    def _version(self, member, base, wanted):
        offered = offered_versions(member)
        if base:
            offered = offered.filter(population=find_base(member.company, base))
        for version in offered:
            if wanted in (str(version.pk), str(version)):
                return version
        raise CommandError(
            "There is no such model. Choose one of: " + ", ".join(str(version) for version in offered)
        )
