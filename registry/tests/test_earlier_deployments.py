"""Deployments from before the ledger get their lines when the database is brought up to date."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from companies.tests.factories import CompanyFactory
from registry.models import DeploymentEvent
from registry.selectors import champion_of, serving_at, telecom_base
from registry.tests.factories import NOON
from registry.tests.landed import version_of

HOUR = timedelta(hours=1)


@pytest.mark.django_db(transaction=True)
def test_what_served_before_the_ledger_stands_in_it():
    executor = MigrationExecutor(connection)
    executor.migrate([("registry", "0002_no_deployment_across_companies")])
    company = CompanyFactory()
    # The rows of that time had fewer columns than the classes of today.
    earlier = executor.loader.project_state([("registry", "0002_no_deployment_across_companies")]).apps
    second, third = (version_of(earlier, company, number) for number in (2, 3))
    rows = earlier.get_model("registry", "ModelDeployment").objects
    rows.create(
        model_id=second.pk, company_id=company.pk, is_active=False, deployed_at=NOON,
        deactivated_at=NOON + 2 * HOUR,
    )  # fmt: skip
    rows.create(
        model_id=third.pk, company_id=company.pk, is_active=True, active_slot=True, deployed_at=NOON + HOUR
    )

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())

    events = DeploymentEvent.objects.order_by("sequence")
    assert [(event.sequence, event.action, event.version.version) for event in events] == [
        (1, "DEPLOYED", "v2"),
        (2, "DEPLOYED", "v3"),
        (3, "WITHDRAWN", "v2"),
    ]
    assert {found.version.pk for found in serving_at(company, NOON + HOUR)} == {second.pk, third.pk}
    assert champion_of(company, telecom_base()) is None
