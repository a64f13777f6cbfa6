"""Which of two versions is better is said only where both were judged on the same customers."""

import pytest
from django.urls import reverse

from jobs.tests.factories import JobFactory
from registry.models import ModelVersion
from registry.services.deployments import deploy_version
from registry.tests.factories import NOON, ModelMetricsFactory, ModelVersionFactory, PopulationFactory
from training.models import TrainingRun

pytestmark = pytest.mark.django_db

TURNED = {"better": "worse", "worse": "better", "no_real_difference": "no_real_difference"}


def page(client, name, *about):
    return client.get(reverse(f"registry:{name}", args=("dev", *about)))


@pytest.fixture
def pair(retrained, labelled):
    """A version, and what its retraining found beside the default that served."""
    version = retrained(labelled()).version
    return version, version.training_run.comparison["pairs"][0]


@pytest.fixture
def default(pair):
    version, _ = pair
    [found] = version.training_run.comparison["existing"]
    return ModelVersion.objects.get(pk=found["id"])


def test_a_card_takes_the_comparison_on_the_same_customers(pair, as_developer):
    version, found = pair

    shown = page(as_developer, "version", version.pk)

    assert shown.context["comparison"].sentence == found["sentence"]
    assert found["sentence"].split(":")[0] in shown.content.decode()
    assert "compared" not in shown.context["churners"][0]


def test_seen_from_the_other_version_it_is_turned_round(pair, default, company, developer, as_developer):
    version, found = pair
    deploy_version(version=version, company=company, by=developer, reason="Finds more.", at=NOON)

    told = page(as_developer, "version", default.pk).context["comparison"]

    assert told.verdict == TURNED[found["verdict"]]
    assert told.sentence == f"{version} was compared with {default} when it was trained. {found['sentence']}"
    for row, before in zip(told.rows, found["differences"], strict=True):
        assert row["new"] == before["serving"] and row["serving"] == before["new"]
        assert row["difference"]["value"] == -before["difference"]["value"]
        assert row["difference"]["low"] == -before["difference"]["high"]
        assert row["better"] is {"better": False, "worse": True}.get(before["verdict"])


def test_the_models_page_says_of_each_what_came_of_it_beside_the_champion(
    pair, default, company, developer, as_developer
):
    version, found = pair
    beside = _beside(page(as_developer, "models"))

    assert beside[version.pk].verdict == found["verdict"]
    assert beside[version.pk].url == reverse("training:run", args=(version.training_run.uuid,))
    assert beside[default.pk] is None

    deploy_version(version=version, company=company, by=developer, reason="Finds more.", at=NOON)
    beside = _beside(page(as_developer, "models"))

    assert beside[default.pk].verdict == TURNED[found["verdict"]]
    assert beside[version.pk] is None


def _beside(answer):
    [group] = answer.context["groups"]
    return {version.pk: version.beside for version in group["versions"]}


def test_versions_that_were_never_compared_are_called_so(default, company, developer, as_developer):
    other = ModelMetricsFactory(model=ModelVersionFactory(company=company, number=7)).model

    card = page(as_developer, "version", other.pk).content.decode()
    assert "were not compared on the same customers" in card
    assert "not compared" in page(as_developer, "models").content.decode()


# --- Purchases -------------------------------------------------------------------------------------------


def learned(base, number, *, horizon=60, cutoff="2024-09-15T00:00:00", beside=None):
    version = ModelMetricsFactory(
        model=ModelVersionFactory(company=base.company, population=base, number=number)
    ).model
    definition = {"horizon_days": horizon, "gap_days": 0, "active_window_days": 90, "reason": ""}
    report = {
        "definition": definition,
        "split": "temporal",
        "trained_at_cutoff": "2024-07-15T00:00:00",
        "tested_at_cutoff": cutoff,
        "registered_at_cutoff": cutoff,
    }
    TrainingRun.objects.create(
        kind=TrainingRun.Kind.PURCHASES,
        company=base.company,
        population=base,
        job=JobFactory(),
        model_type=version.model_type,
        version=version,
        label_source=TrainingRun.Labels.DEFINITION,
        report=report | ({"beside_champion": beside} if beside else {}),
        created_at=NOON,
    )
    return version


def test_versions_of_another_definition_or_another_day_stand_in_a_table_of_their_own(company, as_developer):
    base = PopulationFactory(company=company)
    first, second = learned(base, 1), learned(base, 2)
    longer, later = learned(base, 3, horizon=90), learned(base, 4, cutoff="2024-12-15T00:00:00")

    [group] = page(as_developer, "models").context["groups"]

    rows = [[row.version for row in table["rows"]] for table in group["tables"]]
    assert rows == [[first, second], [longer], [later]]
    assert group["tables"][1]["sentence"] == (
        "Leaving means: no purchase for 90 days, of those who bought in the 90 days before, as of "
        "15 September 2024."
    )


def test_a_version_of_purchases_takes_what_its_training_found_beside_the_champion(
    company, developer, as_developer
):
    base = PopulationFactory(company=company)
    champion = learned(base, 1)
    deploy_version(version=champion, company=company, by=developer, reason="The first.", at=NOON)
    found = {
        "version": champion.pk, "name": str(champion), "sentence": "Better than that: less is better.",
        "verdict": "better", "customers": 500, "new": 0.14, "champion": 0.16, "low": -0.03, "high": -0.01,
        "ranking": {"value": 0.7, "low": 0.65, "high": 0.75}, "f1": 0.5, "knew_until": None,
    }  # fmt: skip
    version = learned(base, 2, beside=found)

    told = page(as_developer, "version", version.pk).context["comparison"]

    assert (told.verdict, told.sentence) == ("better", found["sentence"])
    assert told.rows[0]["difference"]["value"] == pytest.approx(-0.02)
    deploy = as_developer.get(reverse("registry:deploy", args=(version.pk,)))
    assert deploy.context["comparison"] == told
