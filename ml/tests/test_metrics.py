import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ml.evaluation.metrics import area_under_curve, evaluate, reliability


def customers(true_positive, false_positive, false_negative, true_negative):
    labels = np.repeat([1, 0, 1, 0], [true_positive, false_positive, false_negative, true_negative])
    probabilities = np.repeat(
        [0.8, 0.8, 0.2, 0.2], [true_positive, false_positive, false_negative, true_negative]
    )
    return labels, probabilities


def test_reproduces_the_published_figures_from_their_confusion_matrix():
    found = evaluate(*customers(185, 90, 155, 857))

    weighted = found["weighted"]
    assert list(weighted) == ["Accuracy", "AUC", "Precision", "Recall", "F1 Score"]
    assert weighted["Accuracy"] == pytest.approx(0.8096348096348096, abs=1e-15)
    assert weighted["Precision"] == pytest.approx(0.8008413413551754, abs=1e-15)
    assert weighted["Recall"] == pytest.approx(0.8096348096348096, abs=1e-15)
    assert weighted["F1 Score"] == pytest.approx(0.8027330375218171, abs=1e-15)
    assert found["churners"]["precision"] == pytest.approx(185 / 275)
    assert found["churners"]["recall"] == pytest.approx(185 / 340)
    assert round(found["churners"]["f1"], 3) == 0.602


def test_counts_the_threshold_itself_as_churn():
    found = evaluate([0, 1], [0.4, 0.5], threshold=0.5)

    assert found["confusion"] == {
        "true_negative": 1, "false_positive": 0, "false_negative": 0, "true_positive": 1,
    }  # fmt: skip


def test_auc_is_the_share_of_pairs_in_the_right_order():
    found = evaluate([0, 0, 1, 1, 1], [0.1, 0.5, 0.5, 0.3, 0.9])

    # Pairs: 0.1 below all three; 0.5 ties with 0.5, is above 0.3, below 0.9: (3 + 0.5 + 0 + 1) / 6.
    assert found["weighted"]["AUC"] == pytest.approx(4.5 / 6)


def test_auc_is_that_of_scikit_learn_however_many_are_equal():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 500)

    for scores in (rng.random(500), rng.integers(-3, 4, 500), np.zeros(500), labels, -labels):
        assert area_under_curve(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert np.isnan(area_under_curve(np.ones(3, dtype=int), rng.random(3)))


def test_brier_and_log_loss_by_hand():
    found = evaluate([1, 0], [0.8, 0.4])

    assert found["brier"] == pytest.approx((0.2**2 + 0.4**2) / 2)
    assert found["log_loss"] == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2)


def test_curves_are_thinned_and_keep_their_ends():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 5_000)

    found = evaluate(labels, rng.random(5_000))

    for curve in (*found["roc"].values(), *found["precision_recall"].values()):
        assert len(curve) == 200
    assert (found["roc"]["false_positive_rate"][0], found["roc"]["true_positive_rate"][-1]) == (0, 1)
    assert found["roc"]["false_positive_rate"] == sorted(found["roc"]["false_positive_rate"])


def test_reliability_of_an_honest_forecast():
    rng = np.random.default_rng(1)
    probabilities = rng.random(20_000)
    churned = (rng.random(20_000) < probabilities).astype(int)

    assert reliability(churned, probabilities)["ece"] < 0.02
    assert reliability(churned, np.sqrt(probabilities))["ece"] > 0.1


def test_reliability_accounts_for_every_row():
    found = reliability([0, 1, 0, 1, 1], [0.5] * 5)

    assert found["bins"] == [{"rows": 5, "mean_probability": 0.5, "churn_rate": pytest.approx(0.6)}]
    assert found["ece"] == pytest.approx(0.1)


def test_where_nobody_is_named_no_precision_is_told_and_nobody_is_found():
    found = evaluate([0, 1], [0.1, 0.2])

    assert found["churners"]["precision"] is None
    assert found["churners"]["recall"] == found["churners"]["f1"] == 0
    assert found["weighted"]["Precision"] == 0.25


@pytest.mark.parametrize(
    ("labels", "probabilities", "sentence"),
    [
        ([0, 1], [0.5], "one length"),
        ([], [], "one length"),
        ([0, 2], [0.5, 0.5], "0 or 1"),
        ([0, 1], [0.5, 1.5], "between 0 and 1"),
        ([0, 1], [0.5, float("nan")], "between 0 and 1"),
        ([1, 1], [0.5, 0.5], "Both classes"),
    ],
)
def test_refuses_what_cannot_be_judged(labels, probabilities, sentence):
    with pytest.raises(ValueError, match=sentence):
        evaluate(labels, probabilities)
