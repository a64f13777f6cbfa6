"""A company with two shops: each customer is scored by the model of its own."""

import pytest

from predictions.selectors import trained_for_purchases, version_for_purchases
from registry.services.deployments import deploy_version
from registry.tests.factories import NOON, ModelTypeFactory, ModelVersionFactory, PopulationFactory

pytestmark = pytest.mark.django_db

TYPE = "random_forest"


@pytest.fixture
def shops(company, developer):
    """Return two bases of purchases; of each a forest serves."""
    made = [PopulationFactory(company=company, name=name) for name in ("Centre", "Harbour")]
    for number, base in enumerate(made, 1):
        version = ModelVersionFactory(
            company=company, population=base, number=number, model_type=ModelTypeFactory(slug=TYPE)
        )
        deploy_version(version=version, company=company, by=developer, reason="First.", at=NOON)
    return made


@pytest.mark.parametrize("model_type", [None, TYPE])
def test_the_model_of_a_base_scores_its_customers(model_type, shops, company):
    for base in shops:
        found = version_for_purchases(company, base, model_type=model_type)

        assert found.population == base
        assert list(trained_for_purchases(company, base, model_type=model_type)) == [found]


def test_a_program_names_the_base(shops, company, as_developer, other_company):
    gym, theirs = PopulationFactory(company=company, snapshot=True), PopulationFactory(company=other_company)
    # Ready, and not deployed.
    regression = ModelTypeFactory(slug="logistic_regression")
    ModelVersionFactory(company=company, population=shops[1], number=1, model_type=regression)
    said = {
        "customer_id": "A",
        "transactions": [{"event_date": "2024-05-01", "amount": 5}],
        "model_type": regression.slug,
    }

    def ask(base):
        address = f"/api/v1/churn/v2/organizations/{company.pk}/predict?base={base}"
        told = as_developer.post(address, said, content_type="application/json").json()
        return told["code"], "is deployed" in told["message"]

    assert [ask(base.uuid) for base in (gym, theirs)] == [("not-found", False)] * 2
    assert ask(shops[0].name) == ask("") == ("no-trained-model", False)
    assert ask(shops[1].name) == ask(shops[1].uuid) == ("no-trained-model", True)
