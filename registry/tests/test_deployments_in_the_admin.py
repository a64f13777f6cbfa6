"""What operators do about deployments, and what they cannot do to the ledger."""

import pytest
from django.urls import reverse

from registry.selectors import champion_of, telecom_base
from registry.services.deployments import deploy_version
from registry.tests.factories import NOON, ModelVersionFactory

pytestmark = [pytest.mark.django_db, pytest.mark.mariadb]


@pytest.fixture
def second(company):
    return ModelVersionFactory(company=company, number=2)


@pytest.fixture
def deployed(second, company, developer):
    return deploy_version(version=second, company=company, by=developer, reason="Finds more.", at=NOON)


@pytest.fixture
def act(as_operator):
    def run(table, action, *rows, reason="The customer asked by telephone.", **answers):
        data = {"action": action, "_selected_action": [row.pk for row in rows], "confirmed": "yes"}
        data |= {"role": "CHAMPION", "reason": reason} | answers
        answer = as_operator.post(reverse(f"admin:registry_{table}_changelist"), data, follow=True)
        return " ".join(answer.content.decode().split())

    return run


def test_asks_before_anything_is_done(second, company, as_operator):
    data = {"action": "deploy", "_selected_action": [second.pk]}

    answer = as_operator.post(reverse("admin:registry_modelversion_changelist"), data)

    page = " ".join(answer.content.decode().split())
    assert answer.status_code == 200
    assert f"<li>{second} of {company}</li>" in page
    assert 'name="reason"' in page
    assert f'name="_selected_action" value="{second.pk}"' in page
    assert not company.deployments.exists()


def test_deploys_with_a_reason(second, company, operator, act):
    page = act("modelversion", "deploy", second)

    assert f"{second} serves the company." in page
    event = company.deployment_events.get()
    assert (event.actor, event.reason) == (operator, "The customer asked by telephone.")


def test_deploys_beside_the_champion_and_withdraws(deployed, company, act):
    third = ModelVersionFactory(company=company, number=3)

    act("modelversion", "deploy", third, role="ALTERNATIVE")
    act("modelversion", "withdraw", third)

    assert champion_of(company, telecom_base()) == deployed
    assert not company.deployments.active().filter(model=third).exists()


def test_does_nothing_without_a_reason(second, company, act):
    page = act("modelversion", "deploy", second, reason=" ")

    assert "Say why" in page
    assert not company.deployments.exists()


def test_asks_for_which_company_a_default_shall_be_deployed(act):
    assert "Say for which company" in act("modelversion", "deploy", ModelVersionFactory(default=True))


def test_deploys_a_version_to_no_company_but_its_own(second, other_company, act):
    page = act("modelversion", "deploy", second, company=other_company.pk)

    assert "has no such model version" in page
    assert not other_company.deployments.exists()


def test_withdraws_one_deployment_and_rolls_back(deployed, company, developer, act):
    third = ModelVersionFactory(company=company, number=3)
    deploy_version(version=third, company=company, by=developer, reason="Better.", at=NOON)

    act("modeldeployment", "roll_back", *company.deployments.active())

    assert champion_of(company, telecom_base()).model == deployed.model
    page = act("modeldeployment", "withdraw", champion_of(company, telecom_base()))
    assert "was withdrawn." in page
    assert "ended before" in act("modeldeployment", "withdraw", company.deployments.last())


def test_the_ledger_is_read_only(deployed, company, as_operator):
    event = company.deployment_events.get()
    page = reverse("admin:registry_deploymentevent_change", args=[event.pk])
    everything = reverse("admin:registry_deploymentevent_changelist")

    assert as_operator.get(page).status_code == 200
    assert as_operator.post(page, {"reason": "Nobody did it."}).status_code == 403
    assert as_operator.get(reverse("admin:registry_deploymentevent_add")).status_code == 403
    assert (
        as_operator.post(reverse("admin:registry_deploymentevent_delete", args=[event.pk])).status_code == 403
    )
    as_operator.post(everything, {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"})
    assert company.deployment_events.get().reason == "Finds more."
