import numpy as np
import pytest

from ml.evaluation.metrics import reliability
from ml.evaluation.promises import judge_promises, noteworthy_fault
from ml.learning.newest_uploads import judge_newest


def log_odds(rows, seed=0):
    return np.random.default_rng(seed).normal(-1.3, 1.3, rows)


def judged(true, promised, seed=0):
    churned = np.random.default_rng(seed).random(len(true)) < 1 / (1 + np.exp(-true))
    return judge_promises(reliability(churned.astype(int), 1 / (1 + np.exp(-promised))))


@pytest.mark.parametrize("rows", [200, 1_287])
def test_finds_a_fault_in_one_of_twenty_models_without_any(rows):
    # The rule before, a mean distance above two points, found it in nearly all of them.
    found = sum(
        judged(true, true, seed).fault is not None
        for seed, true in ((seed, log_odds(rows, 10_000 + seed)) for seed in range(400))
    )

    assert found <= 30  # 5 % of 400 and two standard deviations


def test_the_same_customers_once_more_are_no_new_evidence():
    found = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        true = 1 / (1 + np.exp(-log_odds(300, 10_000 + seed)))
        churned = (rng.random(300) < true).astype(int)
        again = (np.tile(each, 3) for each in (churned, true))
        found += judge_promises(reliability(*again, groups=np.tile(np.arange(300), 3))).fault is not None

    assert found <= 16  # 5 % of 200 and two standard deviations; as other customers they made 31 %


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda true: true + 0.5, "too_much"),
        (lambda true: true - 0.5, "too_little"),
        (lambda true: 2.0 * true + 0.7, "too_sure"),
        (lambda true: 0.4 * true - 0.53, "too_cautious"),
    ],
)
def test_names_the_direction(change, fault):
    true = log_odds(5_000)

    assert judged(true, change(true)).fault == fault


def test_says_how_much_was_promised_and_how_much_happened():
    true = log_odds(5_000)

    found = judged(true, true + 0.5)

    assert found.promised - found.happened == pytest.approx(0.08, abs=0.02)


def test_one_promise_for_everybody_is_judged_by_its_size():
    assert judge_promises(reliability([0, 1] * 100, np.full(200, 0.5))).fault is None
    assert judge_promises(reliability([0, 1] * 100, np.full(200, 0.7))).fault == "too_much"


def test_promises_of_0_and_1_are_judged_too():
    assert judge_promises(reliability([0, 0, 1, 1], [0.0, 0.0, 1.0, 1.0])).fault is None
    assert judge_promises(reliability([0, 1, 1, 1] * 20, [0.0, 0.0, 1.0, 1.0] * 20)).fault is not None


def test_a_third_upload_that_can_just_be_judged_hides_no_fault_of_the_second():
    uploads = np.repeat([0, 1, 2], [400, 400, 80])
    for seed in range(20):
        rng = np.random.default_rng(seed)
        promised = np.clip(rng.normal(0.295, 0.06, 880), 0.05, 0.9)
        churned = rng.random(880) < promised + np.where(uploads == 0, -0.12, 0.125)

        found = judge_newest(churned.astype(int), promised, uploads)
        newest = found["newest"]

        # Either may be said in the title: each look takes its part of the false alarms, that of all too.
        assert found["calibration"]["looks"] == 2 and newest["looks"] in (2, 4)
        assert noteworthy_fault(newest).fault == "too_little"
        assert newest["uploads"] in (1, 2)
