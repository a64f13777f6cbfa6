import json

import numpy as np
import pytest

from ml.evaluation.profit import profit_curve, with_assumptions


def campaign(labels, probabilities, value=100, cost=10, success_rate=0.5):
    return profit_curve(labels, probabilities, value=value, cost=cost, success_rate=success_rate)


def test_starts_with_nobody_and_ends_with_everybody():
    curve = campaign([1, 0, 0, 1], [0.9, 0.8, 0.2, 0.4])

    assert [point.profit for point in curve.points] == [0, 40, 30, 70, 60]
    assert [point.share for point in curve.points] == [0, 0.25, 0.5, 0.75, 1]
    assert [point.threshold for point in curve.points] == [None, 0.9, 0.8, 0.4, 0.2]
    assert curve.everybody == 60


def test_contacts_whoever_looks_alike_together():
    curve = campaign([1, 0, 0], [0.5, 0.5, 0.1])

    assert [point.contacted for point in curve.points] == [0, 2, 3]
    assert curve.best.profit == 30


def test_contacts_nobody_where_no_campaign_pays():
    best = campaign([0, 1, 0], [0.9, 0.5, 0.1], cost=60).best

    assert (best.contacted, best.profit, best.threshold) == (0, 0, None)


def test_honest_chances_make_the_break_even_point_the_best_one():
    rng = np.random.default_rng(0)
    chances = rng.random(50_000)
    churned = (rng.random(50_000) < chances).astype(int)

    curve = campaign(churned, chances)

    # One contact earns 0.5 * 100 of who leaves, and costs 10.
    assert curve.best.threshold == pytest.approx(10 / (0.5 * 100), abs=0.03)
    assert curve.best.profit > curve.everybody > 0


def test_the_best_point_is_among_the_few_that_are_drawn():
    rng = np.random.default_rng(1)
    chances = rng.random(10_000)

    curve = campaign((rng.random(10_000) < chances).astype(int), chances)

    assert len(curve.points) <= 201
    assert curve.best in curve.points
    assert curve.best.profit == max(point.profit for point in curve.points)


def test_goes_through_json():
    found = campaign([1, 0], [0.9, 0.1]).to_dict()

    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize(
    ("amounts", "sentence"),
    [
        ({"value": 0}, "value must be a positive amount, got 0"),
        ({"value": float("nan")}, "value must be"),
        ({"cost": -1}, "cost must be an amount of at least 0, got -1"),
        ({"cost": float("inf")}, "cost must be"),
        ({"success_rate": 0}, "success_rate must be above 0 and at most 1, got 0"),
        ({"success_rate": 30}, "success_rate must be"),
    ],
)
def test_refuses_amounts_that_make_no_sense(amounts, sentence):
    with pytest.raises(ValueError, match=sentence):
        campaign([1, 0], [0.9, 0.1], **amounts)


def test_other_amounts_need_no_customers():
    rng = np.random.default_rng(2)
    chances = rng.random(150)
    churned = (rng.random(150) < chances).astype(int)
    other = {"value": 250, "cost": 60, "success_rate": 0.5}

    found = with_assumptions(campaign(churned, chances).to_dict(), **other)

    assert found == campaign(churned, chances, **other)
