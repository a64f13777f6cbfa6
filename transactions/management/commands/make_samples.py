from pathlib import Path

from django.core.management.base import BaseCommand

from core.files.drafts import write_atomically
from transactions.presenting.samples import BAD, GOOD, sample_file


class Command(BaseCommand):
    help = "Write sample logs to try with, and one bad file for each rule of the import."

    def add_arguments(self, parser):
        parser.add_argument("--to", default="samples", help="folder to write to (default: samples)")
        parser.add_argument("--good", action="store_true", help="leave the bad files out")

    def handle(self, *, to, good, **options):
        folder = Path(to)
        for sample in GOOD if good else (*GOOD, *BAD):
            with write_atomically(folder / sample.name) as draft:
                draft.write_bytes(sample_file(sample.name))
            self.stdout.write(f"{folder / sample.name}: {sample.title}")
