"""A training on a newer log puts its recipe beside the champion, on the very same customers."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.files.media import readable_path
from ml.learning.feature_training import Judged
from ml.logs.known_until import learned_outcomes_until
from predictions import files
from registry.selectors import champion_of
from registry.services.opening import verified_files
from tests.coffee_shop import LATER, NOON, SPRING, finish, until
from training.engines.beside_champion import judge_champion
from training.models import TrainingRun
from training.services.deploying import weigh_against
from training.services.log_training import train_on_log
from transactions.services.configuration import configure_analysis

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

# Sixty days before the end of the newer log: at this cutoff the recipe is judged.
CUTOFF = "2024-10-11"


@pytest.fixture
def train_newer(read, member, do_jobs):
    """Return a function that trains on a newer log by the definition of the champion."""

    def do(rows):
        analysis = read(rows, name="newer.csv")
        configure_analysis(analysis=analysis, horizon_days=60, at=NOON)
        analysis.refresh_from_db()
        training = train_on_log(
            member=member,
            analysis=analysis,
            model_type="random_forest",
            feature_set="retail_v1",
            at=NOON + timedelta(days=30),
        )
        finish(do_jobs)
        return TrainingRun.objects.with_related().get(pk=training.pk)

    return do


def test_the_champion_gets_the_score_that_scoring_and_counting_gives(learned, read, score, train_newer, year):
    champion = champion_of(learned.company, learned.population).model

    training = train_newer(until(year, LATER))

    found = training.report["beside_champion"]
    scored = score(read(until(year, CUTOFF), name="cut.csv"), version=champion)
    table = pq.read_table(readable_path(files.table_beside(scored.result_dataset_path))).to_pylist()
    often = [row for row in table if row["evidence"] == "full"]
    stayed = {row["customer_id"] for row in until(year, LATER, CUTOFF) if row["event_type"] == "purchase"}
    missed = [row["_probability"] - (row["_customer"] not in stayed) for row in often]
    assert found["version"] == champion.pk
    assert found["customers"] == len(often) == training.version.metrics.additional_metrics["rows"]
    assert found["champion"] == pytest.approx(np.mean(np.square(missed)), abs=1e-12)
    assert found["new"] == pytest.approx(training.version.metrics.additional_metrics["brier"], abs=1e-12)
    assert found["low"] < found["new"] - found["champion"] < found["high"]
    assert found["knew_until"] is None


def test_it_is_deployed_only_if_it_is_shown_to_be_better_there(learned, train_newer, year):
    champion = champion_of(learned.company, learned.population).model

    training = train_newer(until(year, LATER))

    found, told = training.report["beside_champion"], training.report["deployment"]
    serves = champion_of(learned.company, learned.population).model
    assert told["deployed"] == (found["verdict"] == "better") == (found["high"] < 0)
    assert serves == (training.version if told["deployed"] else champion)
    assert found["sentence"] in told["reason"]


def test_what_the_champion_knew_beforehand_is_said(learned, train_newer, year):
    training = train_newer(until(year, "2024-10-05"))

    found = training.report["beside_champion"]
    assert found["knew_until"].startswith(SPRING)
    assert f"had learned what happened before {SPRING}" in training.report["deployment"]["reason"]


def test_a_champion_that_learned_from_these_very_customers_is_not_judged_on_them(learned, train_newer, year):
    training = train_newer(until(year, SPRING))

    assert "new" not in training.report["beside_champion"]
    assert "these very customers" in training.report["beside_champion"]["sentence"]
    assert not training.report["deployment"]["deployed"]


def test_a_champion_that_cannot_be_opened_stops_no_training(learned, tmp_path):
    version = verified_files(champion_of(learned.company, learned.population).model, at=NOON).to_dict()

    found = judge_champion(
        {"id": 1, "name": "Old", "version": version | {"manifest_sha256": "0" * 64}, "known_until": None},
        Judged(np.array([0, 1]), np.array([0.2, 0.7]), 0.5),
        events=tmp_path / "events.parquet",
        ids=["A", "B"],
        as_of=datetime(2024, 7, 1),
        until=datetime(2024, 9, 1),
        folder=tmp_path,
        memory_limit="1GB",
    )

    assert found["sentence"].startswith("Old could not be judged on these customers: ")
    assert "new" not in found


def weigh(learned, beside, **gains):
    """Return whether a version with such figures beside the champion takes over, and why."""
    champion = champion_of(learned.company, learned.population).model
    compared = {"version": champion.pk, "sentence": "They were compared.", "knew_until": None}
    rule = {"feature": "recency", "auc": 0.72, "model_gains": {"low": -0.01, "high": 0.02} | gains}
    training = SimpleNamespace(
        version=champion,
        matrix=None,
        comparison=None,
        report={"beside_champion": compared | beside, "simple_rule": rule},
    )
    return weigh_against(training, champion)


def test_a_champion_that_is_not_shown_to_be_worse_stays(learned):
    for found, said in (
        ({"verdict": "worse"}, "stays. They were compared."),
        ({"verdict": "no_real_difference"}, "stays. They were compared."),
        ({"verdict": "worse", "knew_until": "2024-09-15T00:00:00"}, "Decide on the Models page"),
        ({"verdict": "better", "version": -1}, "judged on other customers"),
        ({"sentence": "It could not be judged."}, "judged on other customers"),
    ):
        takes_over, reason = weigh(learned, found)
        assert not takes_over and said in reason, found


def test_what_is_shown_to_be_better_takes_over(learned):
    assert weigh(learned, {"verdict": "better"}) == (True, "Deployed after its training. They were compared.")


def test_no_model_takes_over_that_the_simple_rule_is_shown_to_beat(learned):
    takes_over, reason = weigh(learned, {"verdict": "better"}, low=-0.03, high=-0.01)

    assert not takes_over
    assert "worse than sorting by recency does" in reason


def test_a_version_knows_outcomes_to_the_end_of_its_horizon():
    days = {"horizon_days": 60, "gap_days": 7}

    known = learned_outcomes_until({"definition": days, "registered_at_cutoff": "2024-07-10T00:00:00"})

    assert known.date().isoformat() == "2024-09-15"
    assert learned_outcomes_until({"as_of": "2024-07-10T00:00:00"}) is None
