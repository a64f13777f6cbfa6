"""What a customer base wants of its next versions: from where on somebody is named, and who deploys."""

import pytest

from registry.selectors import champion_of
from registry.services.deployments import deploy_version
from registry.services.opening import load_manifest
from registry.services.populations import change_population
from registry.tests.factories import NOON
from training.tests.own import gym

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def with_policies(developer):
    def change(base, **policies):
        return change_population(population=base, by=developer, at=NOON, policies=base.policies | policies)

    return change


def test_the_next_version_names_customers_from_the_threshold_of_its_base(
    first_trained, trained_again, with_policies
):
    first = first_trained(gym())
    base = with_policies(first.population, threshold=0.3)

    again = trained_again(base, gym(200, seed=5, prefix="N"))

    assert (
        load_manifest(first.version, at=NOON)["threshold"],
        load_manifest(again.version, at=NOON)["threshold"],
    ) == (
        0.5,
        0.3,
    )
    by_key = {version["key"]: version["threshold"] for version in again.comparison["versions"]}
    assert by_key == {"new": 0.3, "before": 0.5}


def test_by_hand_nothing_is_deployed(first_trained, company):
    first = first_trained(gym())

    assert champion_of(company, first.population) is None


def test_the_first_version_serves_where_its_base_deploys_by_itself(
    first_trained, trained_again, with_policies, company
):
    base = with_policies(first_trained(gym()).population, promotion="after_training")

    second = trained_again(base, gym(200, seed=5, prefix="N"))

    champion = champion_of(company, base)
    assert champion.model == second.version
    assert "no model served" in champion.reason


def test_a_version_that_is_not_shown_to_be_better_does_not_take_over(
    first_trained, trained_again, with_policies, developer, company
):
    first = first_trained(gym())
    deploy_version(version=first.version, company=company, by=developer, reason="The first", at=NOON)
    base = with_policies(first.population, promotion="after_training")

    again = trained_again(base, gym(200, seed=5, prefix="N"))

    assert again.comparison["pairs"][0]["verdict"] != "better"
    assert champion_of(company, base).model == first.version


def test_a_version_that_is_better_takes_over_and_the_ledger_says_why(
    first_trained, trained_again, with_policies, developer, company
):
    # One tree, beside a line that fits these customers better.
    first = first_trained(gym(1500), model_type="decision_tree")
    deploy_version(version=first.version, company=company, by=developer, reason="The first", at=NOON)
    base = with_policies(first.population, promotion="after_training")

    again = trained_again(base, gym(1500, seed=5, prefix="N"), model_type="logistic_regression")

    assert again.comparison["pairs"][0]["verdict"] == "better"
    champion = champion_of(company, base)
    assert champion.model == again.version
    assert "Better than" in champion.reason
