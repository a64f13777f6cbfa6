from django.core.files.storage import storages
from django.core.management.base import BaseCommand, CommandError

from core.files.bringing import bring_files
from core.files.owners import make_roots
from core.files.stored import BUCKETS


class Command(BaseCommand):
    help = (
        "Make the buckets for stored files if they are missing, and copy the files of this machine into them."
    )

    def handle(self, **options):
        self._make_buckets()
        make_roots()

    def _make_buckets(self):
        for name in BUCKETS:
            storage = storages[name]
            try:
                is_new = storage.make()
                brought = bring_files(name)
            except Exception as error:
                # Drivers differ in what they raise; whoever runs this wants the sentence, whatever it is.
                raise CommandError(f"Bucket {name} cannot be made: {error}") from error
            self.stdout.write(f"{name}: {'made' if is_new else 'was there already'}.")
            if brought:
                self.stdout.write(f"{name}: {brought:,} files of this machine were copied to it.")
