from django.core.management.base import BaseCommand, CommandError
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
from tabular.snapshots.column_types import LEARNED
from training.models import TrainingRun
from training.services.own_tables import start_from_file
from training.services.retraining import USUAL_OWN_TYPE

SAID_BY_COLUMN = {
    "column-type": f"its type, if another one was recognised: {', '.join(LEARNED)}",
    "date-order": "DMY or MDY, if the dates leave it open",
    "decimal": "the decimal sign, . or , if the numbers leave it open",
}


class Command(BaseCommand):
    help = "Make a customer base of a company's own table, and train its first model, as on the pages."

    def add_arguments(self, parser):
        parser.add_argument(
            "file", help="CSV or XLSX, one row per customer, with a column that says who left"
        )
        parser.add_argument("--company", required=True, help="company ID")
        parser.add_argument(
            "--name", default="", help="name of the customer base; default: the name of the file"
        )
        parser.add_argument(
            "--outcome",
            metavar="COLUMN",
            help="column that says who left; default: the one that is recognised",
        )
        parser.add_argument(
            "--left", metavar="VALUE", help="value of that column which means that a customer left"
        )
        parser.add_argument(
            "--id",
            metavar="COLUMN",
            help="column that names the customers; default: the one that is recognised",
        )
        parser.add_argument(
            "--leave-out",
            metavar="COLUMN",
            action="append",
            default=[],
            help="column that the model must not learn from; may be given several times",
        )
        parser.add_argument(
            "--keep",
            metavar="COLUMN",
            action="append",
            default=[],
            help="column to learn from although leaving it out is suggested, or although it alone tells "
            "who left",
        )
        for name, what in SAID_BY_COLUMN.items():
            parser.add_argument(f"--{name}", action="append", default=[], metavar="COLUMN=...", help=what)
        parser.add_argument(
            "--value", metavar="COLUMN", help="column that says what a customer is worth a month"
        )
        parser.add_argument("--currency", default="", help="currency of that value, as in EUR")
        parser.add_argument("--type", default=USUAL_OWN_TYPE, help="slug of the model type")
        parser.add_argument("--reason", default="", help="why; it is kept beside the version")
        add_bad_rows_argument(parser, does="learn from")
        add_reading_arguments(parser)
        parser.add_argument(
            "--wait",
            action="store_true",
            help="do it here and now, and say how good it is; otherwise a worker does it",
        )

    def handle(self, *, file, company, wait, **options):
        member = find_developer(company, does="makes its customer bases")
        with told_at_the_end(), opened(file) as upload:
            run = self._start(member, upload, options)
        for sentence in say_account(run.input_data, upload=run.upload_path, with_remarks=False):
            self.stdout.write(sentence)
        if not wait:
            self.stdout.write(f"Queued: first training {run.uuid} of {run.population}.")
            return

        see_succeed(run.job)
        run = TrainingRun.objects.with_related().get(pk=run.pk)
        self.stdout.write(
            f"{run.version} learned from the {run.combination['rows']:,} customers of {run.population}. Its "
            f"AUC on customers it did not learn from is {run.version.metrics.auc_roc:.3f}."
        )

    def _start(self, member, upload, said):
        return start_from_file(
            member=member,
            upload=upload,
            said={
                "outcome": said["outcome"],
                "left_value": said["left"],
                "id_column": said["id"],
                "leave_out": said["leave_out"],
                "learn_from": said["keep"],
                "kinds": _by_column("column-type", said["column_type"]),
                "date_orders": _by_column("date-order", said["date_order"]),
                "decimals": _by_column("decimal", said["decimal"]),
            },
            base_name=said["name"],
            model_type=said["type"],
            reason=said["reason"],
            value_column=said["value"],
            currency=said["currency"],
            keep_leaking=said["keep"],
            bad_rows=bad_rows_of(said),
            **reading_of(said),
            on_checked=self._tell,
            at=timezone.now(),
        )

    def _tell(self, checked):
        for sentence in (*(leak.sentence for leak in checked.leaks), *checked.notes):
            self.stdout.write(sentence)


def _by_column(option, pairs):
    split = [pair.rpartition("=") for pair in pairs]
    if not all(sign for _, sign, _ in split):
        raise CommandError(
            f"--{option} needs COLUMN=..., with the name of a column as it stands in the header."
        )
    return {column: told for column, _, told in split}
