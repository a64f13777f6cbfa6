"""Deploying what a training left, where its base says so, and over a champion only if it is shown better."""

from datetime import datetime

from ml.evaluation.verdicts import BETTER
from registry.models import ModelVersion
from registry.selectors import best_default, champion_of
from registry.services.deployments import deploy_version
from training.models import TrainingRun
from training.presenting.simple_rule import describe_standing, is_below_rule


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
    champion = _serving(training)
    if champion is None:
        deploys = True
        reason = " ".join(
            [f"Deployed after its training: no model served {base}.", describe_standing(training)]
        ).strip()
    else:
        deploys, reason = weigh_against(training, champion)
    if deploys:
        deploy_version(version=training.version, company=training.company, by=None, reason=reason, at=at)
    return {"deployed": deploys, "reason": reason}


def _serving(training):
    """Return the version that the new one would replace: of a base with defaults, one of them at first."""
    deployed = champion_of(training.company, training.population)
    if deployed and deployed.model.is_ready:
        return deployed.model
    return best_default(training.population)


def weigh_against(training: TrainingRun, champion: ModelVersion) -> tuple[bool, str]:
    """Return whether the new version takes over, and why: only if it is shown to be better.

    Figures count only on the same customers, and never for a model that the simple rule is shown to beat.
    """
    is_better, reason = _compare(training, champion)
    if is_better and is_below_rule(training):
        return False, f"Not deployed, {champion} stays. {describe_standing(training)} {reason}"
    if is_better:
        return True, f"Deployed after its training. {reason}"
    return False, f"Not deployed, {champion} stays. {reason}"


def _compare(training, champion):
    """Return whether the new version is shown to be better than the champion, and why."""
    if training.comparison is not None:
        return _compare_pair(training, champion)
    earlier = TrainingRun.objects.filter(version=champion).first()
    if earlier is None or _judged_on(earlier) is None or _judged_on(earlier) != _judged_on(training):
        return _compare_beside(training, champion)
    ours, theirs = (each.metrics.additional_metrics for each in (training.version, champion))
    figures = (
        f"Brier score {ours['brier']:.4f} against {theirs['brier']:.4f} of {champion} on the same "
        f"{ours['rows']:,} customers; less is better"
    )
    # The chances of the champion's recipe are gone, so the difference has no interval. Where the two of the
    # figures are apart, that of the difference excludes 0 as well.
    (_, ours_high), (theirs_low, _) = _brier_interval(ours), _brier_interval(theirs)
    if ours_high < theirs_low:
        return True, f"{figures}, and the 95 % intervals of the two are apart."
    if ours["brier"] < theirs["brier"]:
        return (
            False,
            f"{figures}, but chance may explain the difference: the 95 % intervals of the two overlap.",
        )
    return False, f"{figures}."


def _brier_interval(figures):
    found = figures["intervals"]["probabilities"]["brier"]
    return found["low"], found["high"]


def _compare_pair(training, champion):
    """Return the same of a retraining, which compared both on customers that neither has learned from."""
    compared = {each["id"]: each["name"] for each in training.comparison["existing"]}
    pairs = {pair["name"]: pair for pair in training.comparison["pairs"]}
    pair = pairs.get(compared.get(champion.pk))
    if pair is None:
        return False, "The two could not be compared on the same customers."
    return pair["verdict"] == BETTER, pair["sentence"]


def _compare_beside(training, champion):
    """Return the same where the champion was judged on the customers of the new log."""
    found = training.report.get("beside_champion")
    if found is None or found["version"] != champion.pk or "verdict" not in found:
        return False, (
            f"It was judged on other customers than {training.version}: which is better is not known. "
            "Compare them on the Models page, and deploy it there."
        )
    knew = f" {_describe_lead(champion, found['knew_until'])}" if found["knew_until"] else ""
    decide = " Decide on the Models page." if knew and found["verdict"] != BETTER else ""
    return found["verdict"] == BETTER, f"{found['sentence']}{knew}{decide}"


def _describe_lead(champion, knew_until):
    day = datetime.fromisoformat(knew_until).date()
    return (
        f"{champion} had learned what happened before {day}, a part of these outcomes, so it looks better "
        "than it is."
    )


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
