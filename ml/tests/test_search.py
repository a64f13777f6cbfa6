"""Several settings of a type are tried fold by fold, and several types are ranked."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml.evaluation.metrics import log_losses
from ml.learning.honest_scores import number_folds
from ml.matrix.schemas import Category, FeatureSchema, Number
from ml.model_types.catalogue import MODEL_TYPES
from ml.search import trials
from ml.search.champion import Ranked, is_shown_larger, rank
from ml.search.trials import TypeResult, calibrate_out_of_fold, precision_of_first, try_type
from ml.search.weights import WEIGHTS

pytestmark = pytest.mark.any_database

SCHEMA = FeatureSchema(
    name="made_up_v1",
    id_column="id",
    label=Category("left", ("no", "yes")),
    categorical=(Category("plan", ("a", "b", "c")),),
    numeric=(Number("visits", -99, 99), Number("fee", -99, 99)),
)
ADVISOR = WEIGHTS["advisor"]


def customers(rows=600, *, seed=0, signal=1.0):
    draw = np.random.default_rng(seed)
    visits, fee, plan = draw.normal(size=rows), draw.normal(size=rows), draw.integers(0, 3, rows)
    left = draw.random(rows) < 1 / (1 + np.exp(signal * (2 * visits - fee - (plan == 2)) + 1))
    features = pd.DataFrame({"plan": np.array(["a", "b", "c"], object)[plan], "visits": visits, "fee": fee})
    return features, left.astype(int)


def tried(features, labels, *, model_type="logistic_regression", seconds=1_000, folds=None, **options):
    folds = number_folds(features, labels, 0) if folds is None else folds
    return try_type(
        features, labels, folds, schema=SCHEMA, model_type=model_type, seed=0, seconds=seconds, **options
    )


def told(result):
    """What does not depend on the clock."""
    found = result.to_dict()
    for one in (found, *found["tried"]):
        del one["seconds"]
    return found


# --- One type --------------------------------------------------------------------------------------------


def test_the_setting_with_the_lowest_log_loss_is_chosen_and_judged_out_of_fold():
    result = tried(*customers())

    losses = {str(one["params"]): one["log_loss"] for one in result.tried if one["folds"] == 5}
    assert str(result.chosen) == min(losses, key=losses.get)
    assert 0.8 < result.figures["roc_auc"] < 0.95
    assert result.figures["log_loss"] < 0.55
    assert result.intervals["roc_auc"][0] < result.figures["roc_auc"] < result.intervals["roc_auc"][1]
    low, high = result.intervals["log_loss"]
    assert low < result.figures["log_loss"] < high < low + 0.2
    assert result.said.shape == (600,)


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_type_can_be_tried(model_type):
    result = tried(*customers(rows=300), model_type=model_type)

    assert result.failed == ""
    assert result.chosen == MODEL_TYPES[model_type].check_params(result.chosen)
    assert result.figures["roc_auc"] > 0.75


def test_the_same_customers_give_the_same_to_the_last_bit():
    first, second = (tried(*customers(), model_type="lightgbm") for _ in range(2))

    assert told(first) == told(second)
    assert np.array_equal(first.said, second.said)


def test_nobody_is_judged_by_a_model_that_has_seen_them():
    """Who remembers the names knows every outcome, and is right about nobody else."""
    rows = 300
    names = tuple(f"n{number}" for number in range(rows))
    schema = FeatureSchema(
        name="names_v1",
        id_column="id",
        label=SCHEMA.label,
        categorical=(Category("name", names),),
        numeric=(),
    )
    features = pd.DataFrame({"name": np.array(names, object)})
    labels = np.random.default_rng(3).integers(0, 2, rows)

    result = try_type(
        features, labels, number_folds(features, labels, 0),
        schema=schema, model_type="decision_tree", seed=0, seconds=1_000,
    )  # fmt: skip

    assert 0.35 < result.figures["roc_auc"] < 0.65


def test_on_shuffled_outcomes_no_figure_is_better_than_chance():
    features, labels = customers(rows=900)
    shuffled = np.random.default_rng(5).permutation(labels)

    result = tried(features, shuffled, model_type="lightgbm")

    rate = shuffled.mean()
    by_chance = -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
    assert result.intervals["roc_auc"][0] < 0.5
    assert result.figures["log_loss"] > by_chance - 0.01


def test_what_is_shown_to_be_behind_is_given_up_and_says_so(monkeypatch):
    stump = {"max_depth": 1, "min_samples_leaf": 80}
    monkeypatch.setattr(trials, "MODEL_TYPES", {"decision_tree": _with(MODEL_TYPES["decision_tree"], stump)})

    result = tried(*customers(rows=3_000), model_type="decision_tree")

    left = next(one for one in result.tried if one["params"]["max_depth"] == 1)
    assert left["folds"] == 1
    assert left["stopped"] == "Given up after 1 of 5 folds: shown to be behind."
    assert result.tried[0]["folds"] == 5


@pytest.mark.prove
@pytest.mark.parametrize("model_type", ["logistic_regression", "decision_tree", "lightgbm"])
def test_giving_up_seldom_changes_what_is_chosen(model_type, monkeypatch):
    """Measured: in none of 450 trials on made-up tables and real customers."""
    changed = 0
    for number in range(60):
        draw = np.random.default_rng(number)
        table = customers(int(draw.choice([300, 600, 1_500])), seed=number, signal=draw.choice([0.3, 1, 2]))
        hasty = tried(*table, model_type=model_type)
        with monkeypatch.context() as patience:
            patience.setattr(trials, "GIVEN_UP_AT", np.inf)
            changed += tried(*table, model_type=model_type).chosen != hasty.chosen

    assert changed <= 2


def _with(model_type, *candidates):
    return replace(model_type, candidates=(*model_type.candidates[:2], *candidates))


def test_after_its_time_only_the_first_setting_is_tried_to_its_end():
    result = tried(*customers(), seconds=-1)

    assert [one["folds"] for one in result.tried] == [5, 0, 0, 0]
    assert {one["stopped"] for one in result.tried[1:]} == {"The time was over."}
    assert result.chosen == result.tried[0]["params"]


def test_a_setting_that_cannot_learn_says_why_and_the_others_go_on(monkeypatch):
    broken = _with(MODEL_TYPES["logistic_regression"], {"C": -5})
    monkeypatch.setattr(trials, "MODEL_TYPES", {"logistic_regression": broken})

    result = tried(*customers())

    assert (
        result.tried[-1]["stopped"] == "It could not learn: C must be a number from 1e-06 to 1e+06, got -5."
    )
    assert (result.tried[-1]["folds"], result.tried[-1]["f1"]) == (0, None)
    assert result.chosen["C"] in (0.03, 0.1)
    assert result.failed == ""


def test_a_type_that_cannot_learn_at_all_is_a_result_too(monkeypatch):
    broken = replace(MODEL_TYPES["logistic_regression"], candidates=({"C": -5}, {"C": -6}))
    monkeypatch.setattr(trials, "MODEL_TYPES", {"logistic_regression": broken})

    result = tried(*customers())

    assert result.chosen is None
    assert result.failed == "It could not learn: C must be a number from 1e-06 to 1e+06, got -5."
    assert [one["params"] for one in result.tried] == [{"C": -5}, {"C": -6}]
    assert TypeResult.from_dict(json.loads(json.dumps(result.to_dict()))) == result


def test_customers_that_no_type_can_read_are_a_result_too():
    features, labels = customers()
    features.loc[7, "fee"] = np.inf

    result = tried(features, labels)

    assert result.failed.startswith("It could not learn: Input X contains infinity")


def test_after_its_time_the_first_setting_that_learns_is_tried_to_its_end(monkeypatch):
    kind = MODEL_TYPES["logistic_regression"]
    broken = replace(kind, candidates=({"C": -5}, *kind.candidates[:2]))
    monkeypatch.setattr(trials, "MODEL_TYPES", {"logistic_regression": broken})

    result = tried(*customers(), seconds=-1)

    assert [one["folds"] for one in result.tried] == [0, 5, 0]
    assert result.chosen["C"] == 0.03


def test_a_fault_of_ours_is_no_row_in_a_list(monkeypatch):
    unknown = replace(MODEL_TYPES["logistic_regression"], estimator="sklearn.linear_model.Lasso2")
    monkeypatch.setattr(trials, "MODEL_TYPES", {"logistic_regression": unknown})

    with pytest.raises(AttributeError, match="Lasso2"):
        tried(*customers())


def test_folds_in_which_nobody_left_are_refused_in_a_sentence():
    features, labels = customers()

    result = tried(features, labels, folds=np.where(labels == 1, 0, np.arange(600) % 5))

    assert result.failed == (
        "It could not learn: too many customers are equal for folds with some who left and some who stayed."
    )


def test_a_type_that_is_slow_learns_from_a_part_with_the_same_share_of_leavers(monkeypatch):
    monkeypatch.setitem(trials.MOST_LEARNED, "support_vector_machine", 200)
    features, labels = customers()

    result = tried(features, labels, model_type="support_vector_machine")

    assert (result.draws, result.learned_rows, result.rows) == (True, 200, 600)


def test_progress_ends_at_the_whole():
    seen = []
    tried(*customers(rows=300), on_progress=lambda done, total: seen.append((done, total)))

    assert seen[0] == (1, 20)
    assert seen[-1] == (20, 20)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_result_survives_json_without_the_probabilities():
    result = tried(*customers(rows=300))

    again = TypeResult.from_dict(json.loads(json.dumps(result.to_dict())), result.said)
    assert again == result
    assert np.array_equal(again.said, result.said)


def test_calibration_out_of_fold_mends_scores_that_promise_too_much():
    draw = np.random.default_rng(0)
    true = draw.uniform(0.05, 0.6, 4_000)
    labels = (draw.random(4_000) < true).astype(int)
    folds = np.arange(4_000) % 5

    said = calibrate_out_of_fold(np.sqrt(true), labels, folds)

    assert abs(np.sqrt(true).mean() - labels.mean()) > 0.2
    assert abs(said.mean() - labels.mean()) < 0.02


def test_of_the_first_customers_at_least_one_is_asked():
    assert precision_of_first(np.array([0, 1]), np.array([0.2, 0.9]), 0.01) == 1.0


# --- Several types ---------------------------------------------------------------------------------------


def result_of(name, said, labels, **figures):
    known = {"f1": 0.5, "recall": 0.5, "profit": 1.0, "log_loss": float(log_losses(labels, said).mean())}
    return TypeResult(name, [], {"a": 1}, known | figures, spread={"f1": 0.02}, said=said)


@pytest.fixture
def world():
    draw = np.random.default_rng(1)
    true = draw.uniform(0.05, 0.9, 3_000)
    return true, (draw.random(3_000) < true).astype(int)


def test_the_weights_decide_among_those_not_shown_to_be_worse(world):
    true, labels = world
    near = np.clip(true + np.random.default_rng(2).normal(0, 0.01, len(true)), 0.01, 0.99)

    found = rank(
        [result_of("a", true, labels, recall=0.4), result_of("b", near, labels, recall=0.9)], labels, ADVISOR
    )

    assert [one.model_type for one in found] == ["b", "a"]
    assert [one.level for one in found] == [True, True]
    assert found[0].score > found[1].score


def test_who_is_shown_to_be_worse_does_not_win_by_naming_everybody(world):
    true, labels = world
    blunt = np.full(len(labels), labels.mean())

    found = rank(
        [result_of("sharp", true, labels), result_of("blunt", blunt, labels, f1=0.9, recall=1.0, profit=2.0)],
        labels,
        ADVISOR,
    )

    assert [one.model_type for one in found] == ["sharp", "blunt"]
    assert [one.level for one in found] == [True, False]
    assert found[1].score > found[0].score
    low, high = found[1].behind_interval
    assert 0 < low < found[1].behind < high
    assert found[0].behind_interval is None


def test_the_same_model_twice_is_told_apart_by_its_name_alone(world):
    true, labels = world

    found = rank([result_of(name, true, labels) for name in ("b", "a")], labels, ADVISOR)

    assert [(one.model_type, one.score, one.level) for one in found] == [
        ("a", pytest.approx(1.0), True),
        ("b", pytest.approx(1.0), True),
    ]


def test_what_failed_comes_last(world):
    true, labels = world
    failed = TypeResult("a", [], None, failed="It could not learn: no.")

    found = rank([failed, result_of("b", true, labels)], labels, ADVISOR)

    assert [one.model_type for one in found] == ["b", "a"]
    assert found[1] == Ranked("a", 0.0, {}, None, False)
    assert rank([failed], labels, ADVISOR) == [Ranked("a", 0.0, {}, None, False)]


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
def test_all_weights_make_one(weights):
    assert sum(weights.values()) == pytest.approx(1)


def test_of_two_models_that_are_equally_good_one_is_seldom_called_worse():
    """One in twenty is allowed; both add noise of the same size to the truth."""
    draw = np.random.default_rng(4)
    alarms = 0
    for _ in range(400):
        true = draw.uniform(0.05, 0.6, 1_000)
        labels = (draw.random(1_000) < true).astype(int)
        losses = [
            log_losses(labels, np.clip(true + draw.normal(0, 0.05, 1_000), 0.01, 0.99)) for _ in range(2)
        ]
        alarms += is_shown_larger(*losses)
    assert alarms / 400 < 0.085  # 5 % and three standard errors
