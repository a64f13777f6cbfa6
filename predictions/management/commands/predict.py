import shutil

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.management.members import find_member
from core.errors import DomainError
from core.files.media import readable_path
from intake.services.checking import LEAVE_OUT, REFUSE
from jobs.management.outcomes import see_succeed
from predictions.services.runs import start_prediction
from registry.models import Population
from registry.selectors import offered_versions, population_named


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
        parser.add_argument(
            "--base",
            default="",
            metavar="NAME",
            help="customer base, by name or UUID; needed where two of them have a model of the same name",
        )
        parser.add_argument("--name", help="name in the history; default: the name of the file")
        parser.add_argument(
            "--leave-out-bad-rows", action="store_true", help="predict the others instead of refusing"
        )
        parser.add_argument("--out", help="where to write the result CSV; default: only its place is printed")

    def handle(self, *, file, company, by, base, model, name, leave_out_bad_rows, out, **options):
        member = find_member(company, by, does="predicts")
        version = self._version(member, base, model)
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

        see_succeed(prediction.job)

        prediction.refresh_from_db()
        stored = readable_path(prediction.result_dataset_path)
        if out:
            shutil.copyfile(stored, out)
        counts = prediction.result
        self.stdout.write(f"{counts['churners']:,} of {counts['rows']:,} customers are likely to leave.")
        self.stdout.write(f"Result: {out or stored}")

    def _version(self, member, base, wanted):
        offered = offered_versions(member)
        if base:
            try:
                offered = offered.filter(population=population_named(member.company, base))
            except Population.DoesNotExist as error:
                raise CommandError(str(error)) from error
        for version in offered:
            if wanted in (str(version.pk), str(version)):
                return version
        raise CommandError(
            "There is no such model. Choose one of: " + ", ".join(str(version) for version in offered)
        )
