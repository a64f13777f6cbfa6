import numpy as np
import pytest

from ml.evaluation.promises import judge_realised
from ml.evaluation.realised import Realised


def tally(churned, probabilities, tiers=None):
    seen = Realised(2)
    tiers = (probabilities >= 0.5).astype(int) if tiers is None else tiers
    seen.take(churned, probabilities, named=probabilities >= 0.5, tiers=tiers)
    return seen


def test_counts_only_those_whose_outcome_is_known():
    found = tally(np.array([1, 0, np.nan, 1]), np.array([0.9, 0.2, 0.8, 0.1])).to_dict()

    assert found["unknown"] == 1
    assert found["everybody"] == {
        "customers": 3,
        "left": 2,
        "expected": pytest.approx(1.2),
    }
    assert found["named"]["customers"] == 1
    assert [group["left"] for group in found["tiers"]] == [1, 1]


def test_says_nothing_where_nobody_is_known():
    assert tally(np.array([np.nan, np.nan]), np.array([0.1, 0.9])).to_dict() is None


def test_batches_come_to_the_same_as_the_whole():
    rng = np.random.default_rng(4)
    chances = rng.random(500)
    left = (rng.random(500) < chances).astype(float)

    whole, parts = tally(left, chances), Realised(2)
    for start in range(0, 500, 70):
        part = slice(start, start + 70)
        parts.take(
            left[part], chances[part], named=chances[part] >= 0.5, tiers=(chances[part] >= 0.5).astype(int)
        )

    assert parts.to_dict()["everybody"] == pytest.approx(whole.to_dict()["everybody"])
    assert parts.to_dict()["tiers"][1] == pytest.approx(whole.to_dict()["tiers"][1])


@pytest.mark.parametrize("customers", [30, 200, 1_287])
@pytest.mark.parametrize("mean", [0.02, 0.15, 0.5])
def test_true_promises_are_doubted_once_in_twenty_times_at_most(customers, mean):
    rng = np.random.default_rng(customers)
    rounds, doubted = 2_000, 0
    for _ in range(rounds):
        chances = rng.beta(2 * mean, 2 * (1 - mean), customers)
        left = (rng.random(customers) < chances).astype(float)
        doubted += judge_realised(tally(left, chances).to_dict()).fault is not None

    # Three standard errors of a share of 5 % above it.
    assert doubted / rounds <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / rounds)


def test_the_same_customers_once_more_are_no_new_evidence():
    rng = np.random.default_rng(3)
    rounds, doubted = 300, 0
    for _ in range(rounds):
        chances = rng.beta(0.5, 1.5, 300)
        left = (rng.random(300) < chances).astype(float)
        seen, again = Realised(2), np.tile(chances, 3)
        seen.take(
            np.tile(left, 3), again, named=again >= 0.5, tiers=(again >= 0.5).astype(int),
            hashes=np.tile(np.arange(300, dtype=np.uint64), 3),
        )  # fmt: skip
        doubted += judge_realised(seen.to_dict()).fault is not None

    assert doubted / rounds <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / rounds)


def test_different_people_who_are_equal_are_each_evidence():
    rng = np.random.default_rng(8)
    found = []
    for shift in [0.0] * 200 + [0.06] * 50:
        kinds = rng.integers(0, 200, 1_500)
        chances = rng.beta(2, 3, 200)[kinds] * 0.9
        left = (rng.random(1_500) < chances + shift).astype(float)
        seen = Realised(2)
        tiers, hashes = (chances >= 0.5).astype(int), kinds.astype(np.uint64)
        seen.take(left, chances, named=chances >= 0.5, tiers=tiers, hashes=hashes)
        found.append(judge_realised(seen.to_dict()).fault)

    assert sum(fault is not None for fault in found[:200]) <= 16  # 5 % of 200 and two standard deviations
    assert sum(fault == "too_little" for fault in found[200:]) >= 45


def test_a_tier_alone_that_is_off_is_found():
    chances = np.repeat([0.1, 0.4, 0.7], 429)
    left = np.concatenate([np.arange(429) < 429 * share for share in (0.15, 0.28, 0.77)]).astype(float)
    seen = Realised(3)
    seen.take(left, chances, named=chances >= 0.5, tiers=np.repeat([0, 1, 2], 429))

    assert judge_realised(seen.to_dict()).fault == "uneven"


def test_promises_that_are_twice_too_high_are_found():
    rng = np.random.default_rng(7)
    chances = rng.uniform(0.2, 0.8, 400)
    left = (rng.random(400) < chances / 2).astype(float)

    assert judge_realised(tally(left, chances).to_dict()).fault == "too_much"


def test_promises_that_hold_on_average_alone_are_found():
    rng = np.random.default_rng(7)
    chances = rng.uniform(0.1, 0.9, 1_287)
    left = (rng.random(1_287) < 0.5 + (chances - 0.5) / 2).astype(float)

    assert judge_realised(tally(left, chances).to_dict()).fault == "too_sure"
