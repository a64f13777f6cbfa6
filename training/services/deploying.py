"""Deploying what a training left, where its base says so, and never over a champion that is better."""

from datetime import datetime, timedelta

from registry.models import ModelVersion
from registry.selectors import champion_of
from registry.services.deployments import deploy_version
from training.models import TrainingRun


def deploy_after_training(*, training: TrainingRun, at: datetime) -> dict:
    """Make the version of `training` the champion of its base, if the policy of the base asks for that.

    Call it in the transaction that registers the version, under the lock of the company.

    Returns
    -------
    dict
        ``deployed`` and ``reason``, a sentence for the report; the ledger has the same one.
    """
    base = training.population
    if not base.deploys_after_training:
        return {"deployed": False, "reason": f"What serves {base} is chosen by hand."}
    champion = champion_of(training.company, base)
    if champion is None or not champion.model.is_ready:
        deploys, reason = True, f"Deployed after its training: no model served {base}."
    else:
        deploys, reason = _weigh(training, champion.model)
    if deploys:
        deploy_version(version=training.version, company=training.company, by=None, reason=reason, at=at)
    return {"deployed": deploys, "reason": reason}


def _weigh(training: TrainingRun, champion: ModelVersion) -> tuple[bool, str]:
    """Return whether the new version takes over, and why; figures count only on the same customers."""
    version = training.version
    earlier = TrainingRun.objects.filter(version=champion).first()
    if earlier is None or _judged_on(earlier) is None or _judged_on(earlier) != _judged_on(training):
        return _weigh_beside(training, champion)
    ours, theirs = (each.metrics.additional_metrics for each in (version, champion))
    customers = f"{ours['rows']:,} customers"
    figures = f"Brier score {ours['brier']:.4f} against {theirs['brier']:.4f} of {champion}"
    if ours["brier"] <= theirs["brier"]:
        return True, f"Deployed after its training: {figures} on the same {customers}."
    return False, f"Not deployed: {figures} on the same {customers}. Less is better, so {champion} stays."


def _weigh_beside(training, champion):
    """Return the same where the champion was judged on the customers of the new log."""
    found = training.report.get("beside_champion")
    if found is None or found["version"] != champion.pk or "new" not in found:
        return False, (
            f"Not deployed: {champion} was judged on other customers than {training.version}: which is "
            "better is not known. Compare them on the Models page, and deploy it there."
        )
    is_better = found["new"] <= found["champion"]
    knew = f" {_describe_lead(champion, found['knew_until'])}" if found["knew_until"] else ""
    if is_better:
        return True, f"Deployed after its training. {found['sentence']}{knew}"
    if knew:
        return False, f"Not deployed: decide on the Models page. {found['sentence']}{knew}"
    return False, f"Not deployed, {champion} stays. {found['sentence']}"


def _describe_lead(champion, knew_until):
    day = datetime.fromisoformat(knew_until).date()
    return f"{champion} had learned what happened before {day}, a part of these outcomes: that flatters it."


def learned_outcomes_until(evidence: dict) -> datetime | None:
    """Return up to when, by the clock of its log, a version knows what became of its customers.

    None where outcomes came with the file: then nobody knows.

    Parameters
    ----------
    evidence
        The report of its training, as the manifest keeps it.
    """
    definition = evidence.get("definition")
    if definition is None:
        return None
    days = definition["gap_days"] + definition["horizon_days"]
    return datetime.fromisoformat(evidence["registered_at_cutoff"]) + timedelta(days=days)


def _judged_on(training):
    """Return what decides which customers judged a training, and by which outcome; None if it is gone."""
    if training.matrix is None or training.report is None or training.version is None:
        return None
    days = training.report.get("definition", {})
    return (
        training.matrix.analysis_id,
        training.label_source,
        training.report.get("tested_at_cutoff", training.report.get("as_of")),
        *(days.get(name) for name in ("horizon_days", "gap_days", "active_window_days")),
        training.version.metrics.additional_metrics["rows"],
    )
