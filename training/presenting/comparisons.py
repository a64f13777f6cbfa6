"""What a retraining found out about two versions, for the page on which one of them is deployed."""

from django.urls import reverse

from companies.identity import Member
from registry.models import ModelVersion
from registry.presenting.comparisons import Comparison
from training.presenting.findings import RetrainingFindings
from training.selectors import training_runs_for


def comparison_on_same_customers(
    member: Member, version: ModelVersion, other: ModelVersion
) -> Comparison | None:
    """Return how `version` did beside `other` when it was made; None where the two were not compared."""
    run = training_runs_for(member).filter(version=version, population=other.population).first()
    if run is None or not run.comparison:
        return None
    tables = zip(run.comparison["pairs"], RetrainingFindings(run).tables, strict=True)
    # The pairs keep names, and a name is one version within a customer base.
    return next((_told(run, pair, table) for pair, table in tables if pair["name"] == str(other)), None)


def _told(run, pair, table):
    return Comparison(
        verdict=pair["verdict"],
        sentence=pair["sentence"],
        rows=table["rows"],
        resamples=table["resamples"],
        url=reverse("training:run", args=(run.uuid,)),
    )
