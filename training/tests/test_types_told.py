"""Programs are told before they choose which type of model is suggested, and how long each trains."""

import pytest

pytestmark = pytest.mark.django_db


def test_programs_read_in_the_schema_which_type_is_suggested_and_which_are_slow(client):
    schema = client.get("/api/schema/", headers={"Accept": "application/json"}).json()

    told = [
        parameter["description"]
        for path in schema["paths"].values()
        for parameter in path.get("post", {}).get("parameters", ())
        if parameter["name"] == "model_type"
    ]
    assert told and all(
        "logistic_regression: Trains fast, suggested for most cases." in text for text in told
    )
    assert all("neural_network: Takes 10 to 20 times as long" in text for text in told)
