import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.serving.calibration import Calibrator, choose_calibrator, fit_isotonic, fit_sigmoid

CALIBRATORS = [
    Calibrator("none"),
    Calibrator("sigmoid", slope=1.4, intercept=-0.3),
    Calibrator("isotonic", x=(0.1, 0.4, 0.8), y=(0.05, 0.3, 0.9)),
]


def simulate(distort, rows=20_000):
    rng = np.random.default_rng(0)
    truth = rng.beta(1, 2, rows)
    return distort(truth), (rng.random(rows) < truth).astype(int), np.arange(rows) % 5, truth


def test_recovers_a_known_slope_and_intercept():
    # log odds of the truth = 0.5 * log odds of the score + 0.7, so the score is the other way round.
    scores, churned, _, _ = simulate(lambda p: 1 / (1 + np.exp(-(np.log(p / (1 - p)) - 0.7) / 0.5)))

    found = fit_sigmoid(scores, churned)

    assert found.slope == pytest.approx(0.5, abs=0.03)
    assert found.intercept == pytest.approx(0.7, abs=0.05)


def test_leaves_honest_scores_alone():
    scores, churned, folds, _ = simulate(lambda p: p)

    assert choose_calibrator(scores, churned, folds).method == "none"


def test_mends_an_even_exaggeration_with_a_sigmoid():
    scores, churned, folds, truth = simulate(lambda p: p**2 / (p**2 + (1 - p) ** 2))

    found = choose_calibrator(scores, churned, folds)

    assert found.method == "sigmoid"
    assert np.abs(found.apply(scores) - truth).mean() < 0.02


def test_mends_an_uneven_distortion_with_isotonic_regression():
    scores, churned, folds, truth = simulate(lambda p: np.where(p < 0.3, p, 0.3 + (p - 0.3) / 10))

    found = choose_calibrator(scores, churned, folds)

    assert found.method == "isotonic"
    assert np.abs(found.apply(scores) - truth).mean() < 0.03


def test_isotonic_never_falls_and_never_promises_certainty():
    scores, churned, _, _ = simulate(np.sqrt, rows=500)

    found = fit_isotonic(scores, churned)

    assert list(found.y) == sorted(found.y)
    assert np.diff(found.x).min() >= 0.01
    assert min(found.y) > 0
    assert max(found.y) < 1


def test_isotonic_copes_with_scores_that_say_nothing():
    found = fit_isotonic(np.full(100, 0.5), np.arange(100) % 4 == 0)

    np.testing.assert_allclose(found.apply(np.array([0.0, 0.5, 1.0])), 0.25)


@given(score=st.floats(0, 1))
def test_one_score_gives_what_an_array_gives(score):
    for calibrator in CALIBRATORS:
        assert calibrator.apply_one(score) == pytest.approx(calibrator.apply(np.array([score]))[0], abs=1e-12)


@given(value=st.floats(-50, 50))
def test_log_odds_give_what_scores_give(value):
    score = 1 / (1 + np.exp(-value))
    for calibrator in CALIBRATORS:
        in_array = calibrator.apply_to_logits(np.array([value]))[0]

        assert calibrator.apply_one_logit(value) == pytest.approx(in_array, abs=1e-12)
        assert in_array == pytest.approx(calibrator.apply_one(score), abs=1e-6)


def test_survives_a_round_trip_through_json():
    for calibrator in CALIBRATORS:
        assert Calibrator.from_dict(json.loads(json.dumps(calibrator.to_dict()))) == calibrator


@pytest.mark.parametrize(
    ("change", "sentence"), [({"method": "magic"}, "Unknown"), ({"method": "isotonic", "x": [0.1]}, "knots")]
)
def test_refuses_numbers_that_do_not_fit_together(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        Calibrator.from_dict(Calibrator("none").to_dict() | change)
