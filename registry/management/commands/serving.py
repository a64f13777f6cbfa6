from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from companies.management.members import find_company
from registry.presenting.disagreement import disagreement_of
from registry.selectors import serving_at


class Command(BaseCommand):
    help = "Tell which versions served a company at an instant, by the ledger."

    def add_arguments(self, parser):
        parser.add_argument("--company", required=True, metavar="ID", help="company ID")
        parser.add_argument(
            "--at",
            metavar="ISO",
            help="instant, as in 2026-03-02T12:00:00Z; UTC if no zone is named; default: now",
        )

    def handle(self, *, company, at, **options):
        company = find_company(company)
        instant = _instant(at)
        found = serving_at(company, instant)
        self.stdout.write(f"At {instant.isoformat()}, {company}:")
        for each in found:
            base = f" of {each.population}" if each.population.company_id else ""
            paused = ", out of service" if each.out_of_service else ""
            self.stdout.write(
                f"  {each.version}: {each.role_label.lower()}{base}{paused}, since {each.since.isoformat()}, "
                f"by {each.event.actor_name}: {each.event.reason}"
            )
        for each in found:
            if each.is_challenger:
                self._tell_of_challenger(company, each, instant)
        if not found:
            self.stdout.write("  No version was deployed; whoever predicted used a default.")

    def _tell_of_challenger(self, company, serving, instant):
        challenge = disagreement_of(company, population=serving.population, until=instant)
        if challenge and challenge.challenger.model == serving.version:
            self.stdout.write(f"  {challenge.in_words}")


def _instant(text):
    if not text:
        return timezone.now()
    try:
        instant = parse_datetime(text)
    except ValueError:
        instant = None
    if instant is None:
        raise CommandError(f"{text!r} is no instant. Write it as 2026-03-02T12:00:00Z.")
    return (
        instant
        if timezone.is_aware(instant)
        else timezone.make_aware(instant, timezone.get_fixed_timezone(0))
    )
