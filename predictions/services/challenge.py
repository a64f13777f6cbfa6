"""The challenger's part of a prediction: which one scores in the shadow, and what is noted of it."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from core.errors import DomainError
from predictions.models import Prediction
from registry.engines.files import VerifiedFiles
from registry.models import ModelDeployment
from registry.selectors import challenger_beside
from registry.services.opening import verified_files
from registry.services.shadows import record_shadow_run
from registry.services.states import mark_damaged

logger = logging.getLogger(__name__)


@dataclass
class Challenge:
    """A challenger beside one prediction: its files, and later its figures or why there are none."""

    deployment: ModelDeployment
    files: VerifiedFiles | None = None
    figures: dict = field(default_factory=dict)
    failure: str = ""


def prepare_challenge(*, prediction: Prediction, at: datetime) -> Challenge | None:
    """Return the challenger that scores beside `prediction`; None where there is none for it.

    A challenger that may not be used is returned without files. Nothing that is wrong with it is raised.
    """
    deployment = challenger_beside(prediction.model, prediction.company)
    if deployment is None:
        return None
    challenge = Challenge(deployment)
    try:
        challenge.files = verified_files(deployment.model, at=at)
    except DomainError as error:
        challenge.failure = error.message
    except Exception:
        logger.exception("challenger %s could not be opened", deployment.pk)
        challenge.failure = "It could not be opened."
    return challenge


def take_findings(challenge: Challenge, found: dict, *, at: datetime) -> None:
    """Keep what the engine says of the shadow; a challenger whose files were changed goes out of service."""
    challenge.failure = found.pop("failure", "")
    if found.pop("mismatch", False):
        mark_damaged(version=challenge.deployment.model, reason=challenge.failure, at=at)
    challenge.figures = {} if challenge.failure else found


def record_challenge(challenge: Challenge, *, prediction: Prediction, at: datetime) -> None:
    """Write down how the challenger did, within the transaction that publishes the result."""
    record_shadow_run(
        challenger=challenge.deployment,
        compared_with=prediction.model,
        batch=prediction.uuid,
        batch_name=prediction.prediction_name,
        figures=challenge.figures,
        failure=challenge.failure,
        at=at,
    )
