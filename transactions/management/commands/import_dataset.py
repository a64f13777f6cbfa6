from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.management.members import find_member
from intake.management.reading import add_reading_arguments, opened, reading_of, told_at_the_end
from jobs.management.outcomes import see_succeed
from registry.management.bases import add_base_argument, find_base
from tabular.values.event_words import MEANINGS
from transactions.models import AnalysisSession
from transactions.presenting.roles import ROLES
from transactions.services.importing import start_import
from transactions.services.uploads import start_analysis


class Command(BaseCommand):
    help = (
        "Import a log of purchases or visits of any size for a company, as one of its members would on "
        "the page."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", help="CSV or XLSX, one row per purchase or visit")
        parser.add_argument("--company", required=True, help="company ID")
        parser.add_argument(
            "--by", help="e-mail of the member who imports; default: the developer, or the first user"
        )
        parser.add_argument("--name", default="", help="name in the list; default: the name of the file")
        add_base_argument(parser, default="the first of purchases")
        parser.add_argument(
            "--new-base", default="", metavar="NAME", help="name of a new customer base for this log"
        )
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="ROLE=COLUMN",
            help=f"what a column means, where it is not recognised; roles: {', '.join(ROLES)}",
        )
        add_reading_arguments(parser)
        parser.add_argument(
            "--event-type",
            action="append",
            default=[],
            metavar="WORD=MEANING",
            help=f"what a word of the event type means, where it is not known: {', '.join(MEANINGS)}",
        )
        parser.add_argument(
            "--date-order", choices=("DMY", "MDY"), help="order of day and month, if the dates leave it open"
        )
        parser.add_argument(
            "--decimal", choices=(".", ","), help="decimal sign, if the numbers leave it open"
        )

    def handle(self, *, file, company, by, name, base, new_base, column, date_order, decimal, **options):
        member = find_member(company, by, does="imports")
        chosen = self._chosen(column)
        with told_at_the_end(), opened(file) as upload:
            analysis = start_analysis(
                member=member,
                upload=upload,
                population=find_base(member.company, base) if base else None,
                new_base=new_base,
                name=name,
                # The limit of uploads is for those who wait in front of a page.
                largest=max(upload.size, 1),
                **reading_of(options),
                at=timezone.now(),
            )
            guessed = {role: guess["column"] for role, guess in analysis.preview["guesses"].items()}
            analysis = start_import(
                analysis=analysis,
                mapping={**guessed, **chosen},
                date_order=date_order,
                decimal=decimal,
                meanings=self._meanings(options["event_type"]),
                at=timezone.now(),
            )
        see_succeed(analysis.job)
        self._tell(AnalysisSession.objects.get(pk=analysis.pk))

    def _tell(self, analysis):
        report = analysis.import_report
        self.stdout.write(
            f"{report['rows_in']:,} rows = {report['accepted']:,} used + {report['duplicates']:,} duplicates "
            f"+ {report['rejected']:,} left out; {report['customers']:,} customers."
        )
        for role, column in report["columns"].items():
            self.stdout.write(f"  {ROLES[role][0]}: {column}")
        for warning in dict.fromkeys([*analysis.preview["warnings"], *report["warnings"]]):
            self.stdout.write(f"  {warning}")
        self.stdout.write(f"Log: {analysis.pk}")

    def _meanings(self, words):
        pairs = [word.rpartition("=") for word in words]
        for _, sign, meaning in pairs:
            if not sign or meaning not in MEANINGS:
                raise CommandError(f"--event-type needs WORD=MEANING. Choose one of {', '.join(MEANINGS)}.")
        return {word: meaning for word, _, meaning in pairs}

    def _chosen(self, columns):
        pairs = [column.partition("=") for column in columns]
        for role, sign, _ in pairs:
            if not sign or role not in ROLES:
                raise CommandError(
                    f"--column needs ROLE=COLUMN, and {role} is no role. Choose one of {', '.join(ROLES)}."
                )
        return {role: column for role, _, column in pairs}
