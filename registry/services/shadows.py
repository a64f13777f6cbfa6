"""What challengers said of the batches that they scored in the shadow, as those who predict report it."""

import uuid
from datetime import datetime

from registry.models import ModelDeployment, ModelVersion, ShadowRun
from registry.services.populations import refuse_other_bases

MOST_FAILURE = ShadowRun._meta.get_field("failure").max_length


def record_shadow_run(
    *,
    challenger: ModelDeployment,
    compared_with: ModelVersion,
    batch: uuid.UUID,
    batch_name: str,
    figures: dict,
    failure: str = "",
    at: datetime,
) -> ShadowRun:
    """Write down one batch that `challenger` scored, or why it could not.

    Parameters
    ----------
    compared_with
        The version that was used, and whose result people see.
    batch, batch_name
        By what those who predict find the batch again. Reported twice, the first report stands.
    figures
        `customers`, `newly_leaving`, `newly_staying`, `mean_difference` and `distribution`; empty where there
        is a `failure`.

    Raises
    ------
    registry.services.populations.VersionsOfOtherBase
        The two versions are not of the same customers.
    """
    refuse_other_bases(challenger.model, compared_with)
    run, _ = ShadowRun.objects.get_or_create(
        batch=batch,
        defaults={
            **figures,
            "company": challenger.company,
            "population_id": challenger.population_id,
            "challenger": challenger,
            "version": challenger.model,
            "compared_with": compared_with,
            "batch_name": batch_name,
            "failure": failure[:MOST_FAILURE],
            "at": at,
        },
    )
    return run
