"""Deployments for programs: the same rules as on the pages, and keys only with their scope."""

from datetime import timedelta

import pytest

from companies.services.api_keys import create_api_key
from registry.selectors import challenger_of, champion_of, telecom_base
from registry.services.deployments import deploy_version
from registry.tests.factories import NOON, ModelVersionFactory, PopulationFactory, ShadowRunFactory

pytestmark = pytest.mark.django_db

URL = "/api/v1/deployments"


@pytest.fixture
def second(company):
    return ModelVersionFactory(company=company, number=2)


@pytest.fixture
def deployed(second, company, developer):
    return deploy_version(version=second, company=company, by=developer, reason="Finds more.", at=NOON)


def post(client, path="", **data):
    return client.post(URL + path, data, content_type="application/json")


@pytest.fixture
def with_key(client, company, developer):
    def call(path, data=None, *, scopes):
        _, secret = create_api_key(company=company, name=scopes[0], scopes=scopes, by=None, at=NOON)
        headers = {"Authorization": f"Api-Key {secret}"}
        if data is None:
            return client.get(URL + path, headers=headers)
        return client.post(URL + path, data, content_type="application/json", headers=headers)

    return call


def test_deploys_a_version(second, company, as_developer):
    answer = post(as_developer, model=second.pk, reason="Finds more.")

    assert answer.status_code == 201
    told = answer.json()
    assert (told["model"]["version"], told["role"], told["is_active"]) == ("v2", "CHAMPION", True)
    assert told["deployed_by"] == "Dana Dev (dana@harbour.example.com)"
    assert champion_of(company, telecom_base()).model == second


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"reason": ""}, 400, "invalid"),
        ({"role": "KING"}, 400, "invalid"),
        ({"model": 987_654_321}, 404, "not-found"),
        ({}, 409, "already-deployed"),
    ],
)
def test_refuses_as_the_page_does(sent, status, code, deployed, as_developer):
    answer = post(as_developer, **{"model": deployed.model_id, "reason": "Again."} | sent)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_refuses_the_version_of_another_company_as_if_it_did_not_exist(second, as_stranger):
    assert post(as_stranger, model=second.pk, reason="Mine.").status_code == 404


def test_withdraws_a_deployment_once(deployed, company, as_developer):
    answer = post(as_developer, f"/{deployed.pk}/withdraw", reason="Too many calls.")
    again = post(as_developer, f"/{deployed.pk}/withdraw", reason="Too many calls.")

    assert (answer.status_code, answer.json()["is_active"]) == (200, False)
    assert (again.status_code, again.json()["code"]) == (409, "not-deployed")
    assert champion_of(company, telecom_base()) is None


def test_rolls_back(deployed, company, developer, as_developer):
    third = ModelVersionFactory(company=company, number=3)
    deploy_version(version=third, company=company, by=developer, reason="Better.", at=NOON)

    told = post(as_developer, "/roll-back", reason="Too many calls.").json()

    assert (told["withdrawn"]["version"], told["champion"]["version"]) == ("v3", "v2")
    assert post(as_developer, "/roll-back", reason="More.").json()["champion"] is None
    assert post(as_developer, "/roll-back", reason="More.").status_code == 409


def test_a_field_that_nobody_reads_is_refused_and_nothing_changes(as_developer, deployed, company):
    told = post(as_developer, "/roll-back", population="Gym", reason="Too many calls.")

    assert told.status_code == 400
    assert told.json()["message"] == "population: There is no such field here. Known are reason, base."
    assert champion_of(company, telecom_base()) == deployed


def test_lists_what_serves_and_what_did(deployed, company, developer, as_developer):
    third = ModelVersionFactory(company=company, number=3)
    deploy_version(version=third, company=company, by=developer, reason="Better.", at=NOON)

    everything = as_developer.get(URL).json()["results"]
    active = as_developer.get(URL, {"active": "true"}).json()["results"]

    assert len(everything) == 3
    assert {(row["model"]["version"], row["role"]) for row in active} == {
        ("v2", "ALTERNATIVE"),
        ("v3", "CHAMPION"),
    }


def test_tells_what_served_at_an_instant(deployed, as_developer):
    before = as_developer.get(f"{URL}/serving", {"at": (NOON - timedelta(hours=1)).isoformat()}).json()
    after = as_developer.get(f"{URL}/serving").json()

    assert before == []
    assert [(row["model"]["version"], row["role"]) for row in after] == [("v2", "CHAMPION")]
    assert as_developer.get(f"{URL}/serving", {"at": "noon"}).status_code == 400


def test_reads_the_ledger(deployed, as_developer, as_stranger):
    lines = as_developer.get(f"{URL}/events").json()["results"]

    assert [(line["sequence"], line["action"], line["reason"]) for line in lines] == [
        (1, "DEPLOYED", "Finds more.")
    ]
    assert as_stranger.get(f"{URL}/events").json()["results"] == []


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_call_changes_a_line_of_the_ledger(method, deployed, company, as_developer):
    answer = getattr(as_developer, method)(f"{URL}/events", {}, content_type="application/json")

    assert answer.status_code in (403, 405)
    assert company.deployment_events.get().reason == "Finds more."


def test_a_key_deploys_with_the_scope_for_it_only(second, company, with_key):
    sent = {"model": second.pk, "reason": "Nightly."}

    assert with_key("", sent, scopes=["read"]).json()["code"] == "missing-scope"
    assert with_key("", scopes=["predict"]).status_code == 403
    assert with_key("", sent, scopes=["deploy"]).status_code == 201
    assert company.deployment_events.get().actor_name.startswith("Dana Dev")


# --- The challenger --------------------------------------------------------------------------------------


def test_tells_how_often_the_challenger_disagrees(deployed, second, company, developer, as_developer):
    third = ModelVersionFactory(company=company, number=3)
    post(as_developer, model=third.pk, role="CHALLENGER", reason="To compare.")
    ShadowRunFactory(challenger=challenger_of(company, telecom_base()), compared_with=second)

    told = as_developer.get(f"{URL}/challenger").json()

    assert told["deployment"]["role"] == "CHALLENGER"
    assert told["compared_with"]["version"] == "v2"
    assert (told["customers"], told["newly_leaving"], told["newly_staying"]) == (1000, 30, 20)
    assert told["share"]["value"] == 0.05
    assert told["share"]["interval"]["low"] == pytest.approx(0.038, abs=0.001)
    assert [run["share"]["value"] for run in told["runs"]] == [0.05]


def test_says_that_there_is_no_challenger(deployed, as_developer):
    answer = as_developer.get(f"{URL}/challenger")

    assert (answer.status_code, answer.json()["code"]) == (404, "no-challenger")


# --- The customer base -----------------------------------------------------------------------------------


@pytest.fixture
def shops(company, developer):
    base = PopulationFactory(company=company, name="Shops")
    for number, role in ((5, "CHAMPION"), (6, "CHALLENGER")):
        version = ModelVersionFactory(company=company, number=number, population=base)
        deploy_version(version=version, company=company, role=role, by=developer, reason="x", at=NOON)
    return base


@pytest.mark.parametrize("named_by", ["uuid", "name"])
def test_a_base_is_named_alike_in_every_request_and_answer(named_by, shops, deployed, company, as_developer):
    named = str(getattr(shops, named_by))

    challenger = as_developer.get(f"{URL}/challenger", {"base": named}).json()["deployment"]["model"]
    withdrawn = post(as_developer, "/roll-back", base=named, reason="Worse.").json()["withdrawn"]
    listed = as_developer.get("/api/v1/models", {"base": shops.uuid}).json()["results"]

    assert (challenger["version"], challenger["base"]) == ("v6", str(shops.uuid))
    assert (withdrawn["version"], withdrawn["base"]) == ("v5", str(shops.uuid))
    assert {(model["version"], model["base"]) for model in listed} == {
        ("v5", str(shops.uuid)), ("v6", str(shops.uuid)),
    }  # fmt: skip
    assert champion_of(company, telecom_base()) == deployed


def test_the_base_of_another_company_is_not_there(shops, as_stranger, other_company):
    for named in (shops.uuid, shops.name, "no such base"):
        assert as_stranger.get(f"{URL}/challenger", {"base": named}).status_code == 404
        assert post(as_stranger, "/roll-back", base=str(named), reason="Worse.").status_code == 404
