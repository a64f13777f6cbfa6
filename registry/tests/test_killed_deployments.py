"""A process that is killed at any point of a deployment: it is done whole or not at all."""

import signal
from datetime import timedelta

import pytest

from companies.models import Company
from registry.models import ModelDeployment, ModelVersion
from registry.selectors import challenger_of, champion_of, serving_at, telecom_base
from registry.services.deployments import deploy_version, roll_back, withdraw_version
from registry.tests.factories import NOON, ModelVersionFactory
from registry.tests.killed import killed_at

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

HOUR = timedelta(hours=1)
CHAMPION, CHALLENGER = ModelDeployment.Role.CHAMPION, ModelDeployment.Role.CHALLENGER


@pytest.fixture
def change(company, developer):
    """Return each change of what serves the company: v2 is the champion, v3 beside it, v4 the challenger."""

    def run(how, at=NOON + HOUR):
        where = {
            "company": Company.objects.get(pk=company.pk), "by": developer, "reason": "Better.", "at": at,
        }  # fmt: skip
        version = {each.number: each for each in ModelVersion.objects.filter(company=company)}
        return {
            "deploy": lambda: deploy_version(version=version[5], **where),
            "promote": lambda: deploy_version(version=version[4], **where),
            "challenge": lambda: deploy_version(version=version[5], role=CHALLENGER, **where),
            "withdraw": lambda: withdraw_version(version=version[3], **where),
            "roll back": lambda: roll_back(population=telecom_base(), **where),
        }[how]()

    for number in range(2, 6):
        ModelVersionFactory(company=company, number=number)
    for number in (3, 2):
        deploy_version(
            version=ModelVersion.objects.get(number=number),
            company=company,
            by=developer,
            reason="Better.",
            at=NOON,
        )
    deploy_version(
        version=ModelVersion.objects.get(number=4),
        company=company,
        role=CHALLENGER,
        by=developer,
        reason="To compare.",
        at=NOON,
    )
    return run


def state(company):
    """Return what serves, after a check that slots, rows and ledger tell the same of it."""
    rows = {row.model.number: row for row in company.deployments.active().select_related("model")}
    told = {found.version.number: found for found in serving_at(company, NOON + 2 * HOUR)}
    assert {number: row.role for number, row in rows.items()} == {
        number: found.role for number, found in told.items()
    }
    assert {found.event.deployment_id for found in told.values()} == {row.pk for row in rows.values()}
    events = list(company.deployment_events.order_by("sequence"))
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    champions = [number for number, row in rows.items() if row.role == CHAMPION]
    assert champions == [champion_of(company, telecom_base()).model.number]
    challengers = [number for number, row in rows.items() if row.role == CHALLENGER]
    assert challengers == [row.model.number for row in (challenger_of(company, telecom_base()),) if row]
    return {number: row.role for number, row in sorted(rows.items())}, len(events)


AFTER = {
    "deploy": {2: "ALTERNATIVE", 3: "ALTERNATIVE", 4: "CHALLENGER", 5: "CHAMPION"},
    "promote": {2: "ALTERNATIVE", 3: "ALTERNATIVE", 4: "CHAMPION"},
    "challenge": {2: "CHAMPION", 3: "ALTERNATIVE", 5: "CHALLENGER"},
    "withdraw": {2: "CHAMPION", 4: "CHALLENGER"},
    "roll back": {3: "CHAMPION", 4: "CHALLENGER"},
}
# A role is changed by closing one row and beginning another, with one line for both.
POINTS = {
    "deploy": ("lock", "row:1", "row:2", "line:1", "row:3", "line:2", "commit"),
    "promote": ("lock", "row:1", "row:2", "line:1", "row:3", "row:4", "line:2", "commit"),
    "challenge": ("lock", "row:1", "line:1", "row:2", "line:2", "commit"),
    "withdraw": ("lock", "row:1", "line:1", "commit"),
    "roll back": ("lock", "row:1", "line:1", "row:2", "row:3", "line:2", "commit"),
}


@pytest.mark.parametrize("how", POINTS)
def test_is_done_whole_or_not_at_all(how, change, company):
    before = state(company)

    for point in POINTS[how]:
        assert killed_at(point, lambda: change(how)) == signal.SIGKILL, point
        assert state(company) == before, point

    # The next one goes through, whatever the killed ones held: nobody hears of it, and it is done.
    assert killed_at("acknowledge", lambda: change(how)) == signal.SIGKILL
    assert state(company) == (AFTER[how], before[1] + (1 if how == "withdraw" else 2))


@pytest.mark.parametrize("point", ["row:1", "row:2", "row:3"])
def test_the_check_notices_half_a_change(point, change, company):
    killed_at(point, lambda: change("deploy"), half_committed=True)

    with pytest.raises((AssertionError, AttributeError)):
        state(company)
