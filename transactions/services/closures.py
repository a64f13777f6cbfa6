"""Days on which nothing was open: said once, and known to the log and to later ones of the same base."""

from datetime import datetime

from django.db import transaction

from companies.identity import Member
from companies.models import Company
from companies.services.audit import record_event
from core.errors import DomainError
from ml.logs.profile.score import score_quality
from ml.logs.profile.silence import find_doubt
from ml.logs.visits import say_visits_in
from registry.models import Population
from transactions.models import AnalysisSession
from transactions.services.profiling import say_doubt


class NoSuchSilence(DomainError):
    code = "no-such-silence"
    http_status = 422


@transaction.atomic
def mark_closed(*, analysis: AnalysisSession, first: str, last: str, by: Member, at: datetime) -> None:
    """Keep that nothing was open from `first` to `last`: these days are no longer taken for missing rows.

    What is learned or forecast while they lie in its time still says that they count as silence.

    Parameters
    ----------
    first, last
        ISO days: a stretch that the profile of the log names, or that is between it and the logs that it
        continues. Not its end: the log would go on after it.
    by
        A developer of the company.

    Raises
    ------
    NoSuchSilence
        No such stretch is known.
    """
    analysis = AnalysisSession.objects.select_for_update().get(pk=analysis.pk)
    silences, days = _silences_of(analysis) + (analysis.days_between or []), [first, last]
    if days not in [[each["first"], each["last"]] for each in silences if not each["at_end"]]:
        raise NoSuchSilence("No such days are missing from this log. Look once more which days are in doubt.")
    if days not in (analysis.closed_days or []):
        _keep(analysis, lambda known: sorted([*known, days]), "closed-days-kept", days, by=by, at=at)


@transaction.atomic
def mark_open(*, analysis: AnalysisSession, first: str, last: str, by: Member, at: datetime) -> None:
    """Take back that nothing was open from `first` to `last`; days that are not kept change nothing."""
    analysis = AnalysisSession.objects.select_for_update().get(pk=analysis.pk)
    days = [first, last]
    if days in (analysis.closed_days or []):
        _keep(analysis, list, "closed-days-withdrawn", days, by=by, at=at)


def _keep(analysis, add, action, days, *, by, at):
    """Change what is known of `days` for a log and for all that came after it to the same base."""
    later = AnalysisSession.objects.filter(population=analysis.population_id, company=analysis.company_id)
    for log in later.filter(created_at__gte=analysis.created_at).order_by("pk").select_for_update():
        log.closed_days = add([each for each in log.closed_days or [] if each != days])
        _tell_anew(log, _silences_of(log))
        log.save(update_fields=("closed_days", "profile", "import_report"))
    record_event(
        action=action,
        company=analysis.company,
        actor=by.account,
        subject=str(analysis),
        at=at,
        **dict(zip(("first", "last"), days, strict=True)),
    )


def _silences_of(analysis):
    return (analysis.profile or {}).get("silences", [])


def _tell_anew(analysis, silences):
    """Write down what is said of the log now: its doubts and its quality rest on what was closed."""
    profile, said = analysis.profile, {each["sentence"] for each in silences}
    if not profile:
        return
    profile["silence"] = find_doubt(silences, closed=analysis.closed_days)
    quality = {"quality": score_quality(profile)}
    profile |= say_visits_in(quality) if analysis.is_of_visits else quality
    others = [each for each in analysis.import_report["warnings"] if each not in said]
    analysis.import_report |= say_doubt(profile, others)


def keep_days_between(*, analysis: AnalysisSession, found: list[dict]) -> None:
    """Keep which days may be missing between a log and those that it continues: somebody may know why.

    Parameters
    ----------
    found
        Stretches as `ml.logs.profile.silence` writes them; those that its own profile names are passed over.
    """
    named = [(each["first"], each["last"]) for each in _silences_of(analysis)]
    between = [each for each in found if (each["first"], each["last"]) not in named]
    AnalysisSession.objects.filter(pk=analysis.pk).update(days_between=between)


def closed_days_of(company: Company, base: Population) -> list[list[str]] | None:
    """Return what is known of closed days of a base from its latest log, for the next one."""
    logs = company.analyses.filter(population=base).order_by("-created_at")
    return logs.values_list("closed_days", flat=True).first()
