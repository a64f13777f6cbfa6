from django.core.files.storage import storages
from django.core.management.base import BaseCommand, CommandError

from core.buckets import BUCKETS


class Command(BaseCommand):
    help = "Make the buckets for purchase logs, features and models, where they are missing."

    def handle(self, **options):
        for name in BUCKETS:
            storage = storages[name]
            try:
                is_new = storage.make()
            except Exception as error:
                # Drivers differ in what they raise; whoever runs this wants the sentence, whatever it is.
                raise CommandError(f"Bucket {name} cannot be made: {error}") from error
            self.stdout.write(f"{name}: {'made' if is_new else 'is there'}.")
