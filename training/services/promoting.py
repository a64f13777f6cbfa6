"""Deploying a retrained version by itself, where its customer base says so and it is shown to be better."""

from datetime import datetime

from ml.evaluation.comparison import BETTER
from registry.selectors import champion_of
from registry.services.deployments import deploy_version
from training.models import TrainingRun


def deploy_where_better(*, training_run: TrainingRun, at: datetime) -> None:
    """Make the version of a retraining the champion of its base, if the policy of the base asks for that.

    Call it in the transaction that registers the version. Where a champion serves, only a comparison with
    that one on the same customers decides, and only if it says better.
    """
    base, company = training_run.population, training_run.company
    if not base.deploys_after_training:
        return
    champion = champion_of(company, base)
    if champion is None or not champion.model.is_ready:
        reason = f"Deployed after its training: no model served {base}."
    elif _is_better(training_run, champion.model):
        reason = f"Deployed after its training. {training_run.comparison['sentence']}"
    else:
        return
    deploy_version(version=training_run.version, company=company, by=None, reason=reason, at=at)


def _is_better(training_run, champion):
    compared = training_run.comparison["existing"]
    pairs = training_run.comparison["pairs"]
    return bool(pairs) and compared[0]["id"] == champion.pk and pairs[0]["verdict"] == BETTER
