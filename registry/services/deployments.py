"""Which version serves which company: who decided it, from when, until when."""

from datetime import datetime

from django.db import transaction

from companies.models import Company, Developer
from core.errors import Conflict, NotFound
from registry.models import ModelDeployment, ModelVersion
from registry.services.states import refuse_unless_ready


class ForeignVersion(NotFound):
    code = "version-not-found"


class AlreadyDeployed(Conflict):
    code = "already-deployed"


class NotDeployed(Conflict):
    code = "not-deployed"


@transaction.atomic
def deploy_version(
    *, version: ModelVersion, company: Company, by: Developer | None, at: datetime
) -> ModelDeployment:
    """Let `version` serve the people of `company`, beside whatever serves them already.

    Parameters
    ----------
    version
        A default, or one of the company's own; READY.
    by
        The company's developer; None when the installation does it.
    at
        Aware UTC instant from which it serves.

    Raises
    ------
    ForeignVersion
        It belongs to another company. Said as if it did not exist, because for this company it does not.
    VersionNotServing
        It is damaged or quarantined.
    AlreadyDeployed
        It serves this company now.
    """
    # Two people who deploy the same version wait for each other here, and the second one gets a sentence.
    company = Company.objects.select_for_update().get(pk=company.pk)
    if version.company_id not in (None, company.pk):
        raise ForeignVersion(f"{company} has no such model version.")
    refuse_unless_ready(version)
    if company.deployments.active().filter(model=version).exists():
        raise AlreadyDeployed(f"{version} already serves {company}.")
    return ModelDeployment.objects.create(
        company=company, model=version, deployed_by=by, is_active=True, active_slot=True, deployed_at=at
    )


@transaction.atomic
def withdraw_version(*, version: ModelVersion, company: Company, at: datetime) -> None:
    """Stop `version` from serving `company`; the row stays and says until when it served.

    Raises
    ------
    NotDeployed
        It does not serve this company.
    """
    ended = (
        company.deployments.active()
        .filter(model=version)
        .update(is_active=False, active_slot=None, deactivated_at=at)
    )
    if not ended:
        raise NotDeployed(f"{version} does not serve {company}.")
