from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companies.management.members import find_company
from core.errors import DomainError
from core.faults import FilesAway
from registry.models import ModelVersion
from registry.services.release import resign_version, verify_version


class Command(BaseCommand):
    help = (
        "Compare the files of every version with those that were registered, and take versions that differ "
        "out of service. After SECRET_KEY was changed, --resign first signs again each version whose files "
        "match the hashes in the database."
    )

    def add_arguments(self, parser):
        parser.add_argument("--company", metavar="ID", help="only the versions of this company")
        parser.add_argument(
            "--resign",
            action="store_true",
            help="sign again if all files match the hashes in the database; you vouch that nobody changed "
            "both",
        )

    def handle(self, *, company, resign, **options):
        versions = ModelVersion.objects.select_related("model_type", "company").order_by("company", "pk")
        if company:
            versions = versions.filter(company=find_company(company))
        refused = away = 0
        for version in versions:
            owner = version.company or "everybody"
            try:
                signed = resign and self._resign(version)
                verify_version(version=version, at=timezone.now())
            except DomainError as error:
                refused += 1
                away += isinstance(error, FilesAway)
                self.stdout.write(self.style.ERROR(f"{version} of {owner}: {error}"))
            else:
                again = ", signed again" if signed else ""
                self.stdout.write(f"{version} of {owner}: as it was registered{again}")
        if refused:
            raise CommandError(" ".join(_say_refused(refused - away, away, len(versions))))
        self.stdout.write(f"All {len(versions)} versions may serve.")

    def _resign(self, version):
        signed = resign_version(version=version, by=None, reason="verify_models --resign", at=timezone.now())
        version.refresh_from_db()
        return signed


def _say_refused(damaged, away, versions):
    if damaged:
        yield (
            f"{damaged} of {versions} versions may not serve. Restore their files from a backup, then "
            "release them in the admin."
        )
    if away:
        yield (
            f"The files of {away} of {versions} versions cannot be reached now. See that their volume is "
            "mounted or that their server answers, then try again."
        )
