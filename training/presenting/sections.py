"""What training adds to pages of the floors below: to cards, to the page of a log, to the home."""

from django.db.models.fields.json import KT

from companies.identity import Member
from jobs.models import Job
from registry.models import ModelVersion
from registry.selectors import champion_that_serves
from training.presenting.beginnings import has_trained
from training.presenting.purchases import describe_report
from training.selectors import list_training_runs, training_runs_for, trainings_of
from transactions.models import AnalysisSession

MOST_UNDER_WAY = 3


def card_section(member: Member, version: ModelVersion) -> dict | None:
    """Return the retraining that `version` came of, for its card; None where it came another way."""
    run = training_runs_for(member).filter(version=version).first()
    if run is None or not run.comparison:
        return None
    return {
        "run": run,
        "sentence": run.comparison["sentence"],
        "compared_with": [row["name"] for row in run.comparison["versions"] if row["key"] != "new"],
    }


def analysis_section(member: Member, analysis: AnalysisSession) -> dict | None:
    """Return what the page of a log says of training, which is a developer's: the latest of this log; nothing
    where its customers were put away.
    """
    if not member.is_developer or analysis.population.is_archived:
        return None
    return {
        "training": trainings_of(analysis).first(),
        "analysis": analysis,
        "serves": champion_that_serves(analysis.company, analysis.population),
    }


def log_section(member: Member, version: ModelVersion) -> dict | None:
    """Return the training on a purchase log that `version` came of, for its card, or None."""
    training = member.company.training_runs.of_purchases().with_related().filter(version=version).first()
    if training is None or training.report is None:
        return None
    return {
        "training": training,
        "warnings": training.report.get("warnings", []),
        "findings": describe_report(training),
    }


def home_section(member: Member) -> dict | None:
    """Return what the home of a developer says of retraining: what goes on, and what came of the latest."""
    if not has_trained(member.company):
        return None
    runs = list_training_runs(member)
    # Of a comparison that fills a page, one sentence and one word.
    told = {"told": KT("comparison__sentence"), "verdict": KT("comparison__pairs__0__verdict")}
    latest = runs.filter(job__state=Job.State.SUCCEEDED).annotate(**told).first()
    under_way = list(runs.filter(job__state__in=Job.UNFINISHED)[:MOST_UNDER_WAY])
    if latest is None and not under_way:
        return None
    return {
        "under_way": under_way,
        "latest": latest,
        "verdict": (latest and latest.verdict) or "",
        "sentence": latest.told if latest else "",
    }
