from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.files.drafts import write_atomically


class Command(BaseCommand):
    help = "Write the synthetic DatasetA.csv, the same bytes every time."
    # Checking the project means importing every page; each start of the server would pay for it twice.
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument(
            "--output", type=Path, default=settings.DATASET_A, metavar="FILE", help="file to write"
        )
        parser.add_argument("--check", action="store_true", help="write nothing; fail if the file differs")

    def handle(self, *, output, check, **options):
        # Imported here: `manage.py help` loads every command.
        from ml.samples.dataset_a import dataset_a_csv, make_dataset_a

        table = make_dataset_a()
        payload = dataset_a_csv(table)
        if check:
            if not output.is_file() or output.read_bytes() != payload:
                raise CommandError(f"{output} is not what make_dataset_a writes. Run it without --check.")
            self.stdout.write(f"{output} is up to date.")
            return
        with write_atomically(output) as draft:
            draft.write_bytes(payload)
        self.stdout.write(
            f"{output}: {len(table):,} customers, {100 * (table['Churn'] == 'Yes').mean():.1f} % churned."
        )
