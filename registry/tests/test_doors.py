"""Pages, API and admin: they call the services, refuse whom they must, and show the error."""

import json
import re

import pytest
from django.urls import reverse

from registry.artefacts import path_of
from registry.engines.files import GRAPH
from registry.models import ModelVersion
from registry.selectors import best_default, telecom_base
from registry.services.deployments import deploy_version
from registry.tests.factories import NOON, ModelMetricsFactory, ModelVersionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def network(default_versions):
    return default_versions["neural_network"]


@pytest.fixture
def own(company, network):
    metrics = ModelMetricsFactory(model=ModelVersionFactory(company=company, model_type=network.model_type))
    return metrics.model


def page(client, portal, version=None):
    name, kwargs = ("registry:version", {"pk": version.pk}) if version else ("registry:models", {})
    return client.get(reverse(name, kwargs={"portal": portal, **kwargs}))


def without_token(response):
    """Return the page without what differs between any two requests."""
    return re.sub(r'"X-CSRFToken": "\w+"|value="\w{64}"', "", response.content.decode())


# --- Pages -----------------------------------------------------------------------------------------------


def test_a_user_reads_how_good_each_model_is_in_words(default_versions, as_user):
    html = page(as_user, "user").content.decode()

    for version in default_versions.values():
        assert version.name in html
    assert html.count("customers that it named when it was tried") == 5
    assert "AUC" not in html


def test_the_developer_reads_weighted_and_churn_class_figures_named_as_such(
    default_versions, own, as_developer
):
    html = page(as_developer, "dev").content.decode()

    for name in ("Precision (churners)", "F1 (churners)", "Precision (weighted)", "F1 (weighted)", "AUC"):
        assert name in html
    assert reverse("registry:version", args=["dev", own.pk]) in html


def test_a_page_without_models_says_what_will_stand_there(as_user):
    assert "No model is ready" in page(as_user, "user").content.decode()


def test_the_page_of_a_version_has_each_chart_with_its_table(network, as_developer):
    response = page(as_developer, "dev", network)

    html = response.content.decode()
    assert response.status_code == 200
    for chart in ("roc", "precision-recall", "confusion", "calibration"):
        payload = re.search(rf'<script id="chart-{chart}" type="application/json">(.*?)</script>', html, re.S)
        assert json.loads(payload[1])["data"]
    assert html.count("<table") >= 7
    assert "style=" not in html
    for fact in (
        "Neurons in each hidden layer",
        "100, 50",
        "identity",
        network.signature,
        network.training_dataset.sha256,
    ):
        assert fact in html


def test_the_card_lists_what_stands_on_it(network, as_developer):
    html = page(as_developer, "dev", network).content.decode()

    parts = re.findall(r'<li><a href="#([^"]+)">', html)
    assert {"data", "part-1"} <= set(parts)
    for key in parts:
        assert len(re.findall(rf'<h2[^>]* id="{key}"', html)) == 1


def test_defaults_that_no_training_compared_have_no_figures_side_by_side(default_versions, as_developer):
    suggested = best_default(telecom_base())
    other = next(version for version in default_versions.values() if version != suggested)
    heading = "beside %s, which is suggested"

    told = page(as_developer, "dev", other).content.decode()

    assert heading % suggested in told and "Difference" not in told
    assert heading % suggested not in page(as_developer, "dev", suggested).content.decode()


def test_a_damaged_version_still_has_a_page_that_says_so(network, as_developer):
    path_of(network, GRAPH).unlink()

    for _ in range(2):
        response = page(as_developer, "dev", network)

        assert response.status_code == 200
    assert "is damaged and serves nobody" in response.content.decode()


def test_a_version_without_figures_has_a_page(company, as_developer):
    assert page(as_developer, "dev", ModelVersionFactory(company=company)).status_code == 200


def test_a_user_reads_in_words_about_each_model_that_is_offered(default_versions, as_user):
    of_base = reverse("registry:base", args=["user", telecom_base().uuid])
    lists = [answer.content.decode() for answer in (page(as_user, "user"), as_user.get(of_base))]

    for version in default_versions.values():
        for listed in lists:
            assert f'href="{reverse("registry:version", args=["user", version.pk])}"' in listed
        told = page(as_user, "user", version)
        html = told.content.decode()
        assert told.status_code == 200
        for heading in ("What it is for", "What it looks at most", "What to know before relying on it"):
            assert heading in html
        assert "AUC" not in html and version.signature not in html


def test_a_user_who_is_sent_the_page_of_the_developer_is_led_to_the_own(network, as_user):
    assert page(as_user, "dev", network)["Location"] == reverse("registry:version", args=["user", network.pk])


def test_a_model_that_is_not_offered_is_not_there_for_a_user(own, as_user, as_developer):
    assert page(as_user, "user", own).status_code == 404
    assert page(as_developer, "dev", own).status_code == 200


def test_a_user_reads_that_a_model_was_taken_out_of_service(network, as_user):
    path_of(network, GRAPH).unlink()

    html = page(as_user, "user", network).content.decode()

    assert "its stored files are not those that were registered" in html
    assert "What it is for" in html and "Predict</a>" not in html.partition('<main class="main"')[2]
    assert page(as_user, "user", network).status_code == 404


def test_a_foreign_version_answers_as_one_that_does_not_exist(own, as_stranger):
    foreign = page(as_stranger, "dev", own)
    own.pk += 1_000
    absent = page(as_stranger, "dev", own)

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert without_token(foreign) == without_token(absent)


def test_pages_ask_who_is_there(client, network):
    for response in (page(client, "dev"), page(client, "user"), page(client, "dev", network)):
        assert response.status_code == 302
        assert "login" in response.url


# --- API -------------------------------------------------------------------------------------------------


def test_the_api_lists_the_models_of_the_caller(default_versions, own, as_developer, as_user):
    seen = as_developer.get("/api/v1/models").json()["results"]
    chosen = as_user.get("/api/v1/models").json()["results"]

    assert {row["id"] for row in seen} == {own.pk, *(version.pk for version in default_versions.values())}
    assert {row["id"] for row in chosen} == {version.pk for version in default_versions.values()}
    assert chosen[0]["quality"].startswith("Of 100 customers")


def test_the_api_filters_by_type_and_default(default_versions, own, as_developer):
    own_only = as_developer.get("/api/v1/models", {"is_default": "false"}).json()["results"]
    trees = as_developer.get("/api/v1/models", {"model_type": "decision_tree"}).json()["results"]

    assert [row["id"] for row in own_only] == [own.pk]
    assert [row["id"] for row in trees] == [default_versions["decision_tree"].pk]


def test_the_api_gives_figures_to_developers_only(network, as_developer, as_user):
    address = f"/api/v1/models/{network.pk}"

    full, plain = as_developer.get(address).json(), as_user.get(address).json()

    assert full["weighted"]["accuracy"] == network.metrics.accuracy
    assert full["churners"]["f1"] == network.metrics.additional_metrics["churners"]["f1"]
    assert full["reliability"]["rows"] == network.metrics.additional_metrics["rows"]
    assert full["reliability"]["intervals"]["churners"]["recall"]["low"] < full["churners"]["recall"]
    assert (plain["weighted"], plain["churners"], plain["reliability"]) == (None, None, None)


def test_the_api_answers_a_foreign_version_as_an_absent_one(own, as_stranger, as_user):
    deploy_version(version=own, company=own.company, by=None, reason="It is better.", at=NOON)

    foreign, absent = as_stranger.get(f"/api/v1/models/{own.pk}"), as_stranger.get("/api/v1/models/999999")

    assert (foreign.status_code, foreign.json()) == (absent.status_code, absent.json())
    assert foreign.status_code == 404
    assert as_user.get(f"/api/v1/models/{own.pk}").status_code == 200


def test_the_api_refuses_who_is_not_logged_in(client):
    assert client.get("/api/v1/models").status_code in (401, 403)


# --- Admin -----------------------------------------------------------------------------------------------


def act(client, version, action):
    data = {
        "action": action,
        "_selected_action": [version.pk],
        "confirmed": "yes",
        "reason": "We look into it.",
    }
    return client.post(reverse("admin:registry_modelversion_changelist"), data, follow=True)


def test_the_operator_quarantines_and_releases(network, as_operator):
    response = act(as_operator, network, "quarantine")
    network.refresh_from_db()
    assert network.state == ModelVersion.State.QUARANTINED
    assert "serves nobody until you release it" in response.content.decode()

    act(as_operator, network, "release")
    network.refresh_from_db()
    assert network.is_ready


def test_verifying_in_the_admin_finds_damage(network, as_operator):
    assert "has the files that were registered" in act(as_operator, network, "verify_files").content.decode()

    path_of(network, GRAPH).write_bytes(b"")
    response = act(as_operator, network, "verify_files")

    assert "cannot be used" in response.content.decode()
    network.refresh_from_db()
    assert network.state == ModelVersion.State.DAMAGED


@pytest.mark.parametrize("table", ["modelversion", "modelmetrics", "modeldeployment", "dataset"])
def test_logs_and_versions_are_read_only_in_the_admin(table, network, company, as_operator):
    deployment = deploy_version(version=network, company=company, by=None, reason="It is better.", at=NOON)
    row = {
        "modelversion": network,
        "modelmetrics": network.metrics,
        "modeldeployment": deployment,
        "dataset": network.training_dataset,
    }[table]

    assert as_operator.get(reverse(f"admin:registry_{table}_changelist")).status_code == 200
    assert as_operator.get(reverse(f"admin:registry_{table}_change", args=[row.pk])).status_code == 200
    assert as_operator.get(reverse(f"admin:registry_{table}_add")).status_code == 403
    assert as_operator.post(reverse(f"admin:registry_{table}_delete", args=[row.pk])).status_code == 403


def test_parameters_are_changed_in_the_admin_under_their_rules(model_types, as_operator):
    tree = model_types["decision_tree"]
    address = reverse("admin:registry_modeltype_change", args=[tree.pk])

    assert "a whole number from 1 to 20" in as_operator.get(address).content.decode()
    refused = as_operator.post(address, {"description": "Ours.", "parameters": '{"max_depth": 99}'})
    accepted = as_operator.post(address, {"description": "Ours.", "parameters": '{"max_depth": 4}'})

    assert "max_depth must be a whole number from 1 to 20" in refused.content.decode()
    assert accepted.status_code == 302
    tree.refresh_from_db()
    assert (tree.description, tree.parameters["max_depth"]) == ("Ours.", 4)
