"""Programs read which customers a company has, what their files hold, and a template of such a file."""

import csv
import io

import pytest

from registry.models import Population
from registry.selectors import telecom_base
from registry.tests.factories import ModelDeploymentFactory, ModelVersionFactory, PopulationFactory
from registry.tests.test_schemas import OWN, PLAN

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/customer-bases"


@pytest.fixture
def own_base(company):
    return PopulationFactory(
        company=company,
        name="Kunden",
        kind=Population.Kind.SNAPSHOT,
        schema=OWN.to_dict(),
        reading=PLAN.to_dict(),
        roles={"id": OWN.id_column, "outcome": OWN.label.name, "left": OWN.label.values[-1]},
        definition={"column": OWN.label.name, "left": PLAN.left_value},
    )


@pytest.fixture
def ask(client, user):
    client.force_login(user)
    return lambda path="": client.get(f"{ADDRESS}{path}")


def rows_of(answer):
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_lists_the_shared_base_and_the_company_s_own(ask, own_base, other_company):
    PopulationFactory(company=other_company)

    found = ask().json()["results"]

    assert [(base["name"], base["is_own"]) for base in found] == [
        (telecom_base().name, False),
        ("Kunden", True),
    ]


def test_tells_the_columns_of_a_file_and_what_serves(ask, own_base, company):
    serving = ModelDeploymentFactory(
        model=ModelVersionFactory(company=company, population=own_base), role="CHAMPION", champion_slot=True
    )

    found = ask(f"/{own_base.uuid}").json()

    assert [column["name"] for column in found["columns"]] == list(OWN.features)
    assert {column["type"] for column in found["columns"]} <= {"number", "category", "date", "yes/no"}
    assert found["outcome"] == {"column": OWN.label.name, "left": PLAN.left_value}
    assert found["champion"] == serving.model_id


def test_a_log_has_no_columns_and_no_template(ask, company):
    log = PopulationFactory(company=company)

    assert ask(f"/{log.uuid}").json()["columns"] == []
    answer = ask(f"/{log.uuid}/template.csv")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-template")


@pytest.mark.parametrize(("query", "has_outcome"), [("", False), ("?purpose=train", True)])
def test_the_template_has_the_columns_of_the_file(query, has_outcome, ask, own_base):
    header = rows_of(ask(f"/{own_base.uuid}/template.csv{query}"))[0]

    assert set(OWN.features) < set(header)
    assert "Tarif" not in header  # nothing was learned from it
    assert (OWN.label.name in header) is has_outcome


def test_the_template_of_the_shared_base_has_its_columns(ask):
    base = telecom_base()

    header, *examples = rows_of(ask(f"/{base.uuid}/template.csv"))

    assert header == list(base.columns_of_file(with_outcome=False))
    assert [len(row) for row in examples] == [len(header)] * 2


def test_a_purpose_that_is_none_is_refused(ask, own_base):
    assert ask(f"/{own_base.uuid}/template.csv?purpose=fun").status_code == 400
