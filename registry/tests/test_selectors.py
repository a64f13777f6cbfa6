import pytest

from companies.identity import membership
from registry.models import ModelVersion
from registry.selectors import best_default, list_versions, telecom_base, versions_for
from registry.services.deployments import deploy_version, roll_back, withdraw_version
from registry.tests.factories import (
    NOON,
    ModelMetricsFactory,
    ModelTypeFactory,
    ModelVersionFactory,
)

pytestmark = pytest.mark.django_db

FIVE = ("neural_network", "random_forest", "gradient_boosting", "decision_tree", "logistic_regression")


@pytest.fixture
def defaults():
    return [ModelVersionFactory(default=True, model_type=ModelTypeFactory(slug=slug)) for slug in FIVE]


@pytest.fixture
def network_type():
    return ModelTypeFactory(slug="neural_network")


def offered(account):
    return list(versions_for(membership(account), telecom_base()))


def test_a_user_of_a_company_without_developer_uses_the_five_defaults(defaults, user):
    assert offered(user) == defaults


def test_a_user_sees_the_defaults_and_every_deployed_version(
    defaults, user, developer, company, network_type
):
    third, second, fourth = (
        ModelVersionFactory(company=company, model_type=network_type, number=number) for number in (3, 2, 4)
    )
    for version in (third, second):
        deploy_version(version=version, company=company, by=developer, reason="It is better.", at=NOON)

    assert offered(user) == [*defaults, second, third]
    assert fourth not in offered(developer)


def test_a_withdrawn_version_is_no_longer_offered(defaults, user, company, network_type):
    version = ModelVersionFactory(company=company, model_type=network_type)
    deploy_version(version=version, company=company, by=None, reason="It is better.", at=NOON)
    withdraw_version(version=version, company=company, by=None, reason="It is worse.", at=NOON)

    assert offered(user) == defaults


def test_the_versions_of_another_company_are_never_offered(defaults, user, other_company, network_type):
    foreign = ModelVersionFactory(company=other_company, model_type=network_type)
    deploy_version(version=foreign, company=other_company, by=None, reason="It is better.", at=NOON)

    assert offered(user) == defaults


@pytest.mark.parametrize("state", [ModelVersion.State.DAMAGED, ModelVersion.State.QUARANTINED])
def test_what_is_out_of_service_is_not_offered(state, defaults, user):
    ModelVersion.objects.filter(pk=defaults[1].pk).update(state=state)

    assert offered(user) == [defaults[0], *defaults[2:]]


def test_a_default_that_was_rolled_back_is_offered_all_the_same(defaults, user, company):
    deploy_version(version=defaults[0], company=company, by=None, reason="It is better.", at=NOON)
    roll_back(company=company, population=telecom_base(), by=None, reason="It is worse.", at=NOON)

    assert offered(user) == defaults


def test_a_default_that_was_replaced_is_not_offered(defaults, user):
    old = ModelVersionFactory(
        model_type=defaults[0].model_type,
        company=None,
        is_default=False,
        number=7,
        default_slot="neural_network:7",
    )

    assert old not in offered(user)


def test_the_developer_also_sees_what_is_not_deployed_or_damaged(defaults, developer, company, network_type):
    draft = ModelVersionFactory(company=company, model_type=network_type)
    damaged = ModelVersionFactory(company=company, model_type=network_type, state="DAMAGED")

    assert list(list_versions(membership(developer))) == [*defaults, draft, damaged]


def test_a_version_says_since_when_it_serves_the_company(defaults, user, company, other_company):
    deploy_version(version=defaults[0], company=company, by=None, reason="It is better.", at=NOON)
    deploy_version(version=defaults[1], company=other_company, by=None, reason="It is better.", at=NOON)

    since = {version.pk: version.serving_since for version in list_versions(membership(user))}

    assert since[defaults[0].pk] == NOON
    assert since[defaults[1].pk] is None


# --- The one that is suggested ---------------------------------------------------------------------------


def rate(versions, accuracies):
    for version, accuracy in zip(versions, accuracies, strict=True):
        ModelMetricsFactory(model=version, accuracy=accuracy)


def test_the_default_with_the_highest_accuracy_is_suggested(defaults):
    rate(defaults, (0.80, 0.81, 0.79, 0.78, 0.80))

    assert best_default(telecom_base()) == defaults[1]


def test_a_tie_goes_to_the_type_that_is_retrained(defaults):
    rate(defaults, (0.8100, 0.80, 0.79, 0.78, 0.8106))

    assert best_default(telecom_base()) == defaults[0]


def test_a_default_out_of_service_is_not_suggested(defaults):
    rate(defaults, (0.82, 0.81, 0.79, 0.78, 0.80))
    ModelVersion.objects.filter(pk=defaults[0].pk).update(state="DAMAGED")

    assert best_default(telecom_base()) == defaults[1]
