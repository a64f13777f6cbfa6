import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.serving.risk import POLICIES, SEGMENTS_V2, TIERS_ADVISOR, RiskPolicy


@pytest.mark.parametrize(
    ("probability", "segment", "advisor"),
    [
        (0.0, "Low", "Low"),
        (np.nextafter(0.3, 0), "Low", "Low"),
        (0.3, "Medium", "Low"),
        (0.4, "Medium", "Low"),
        (np.nextafter(0.4, 1), "Medium", "Medium"),
        (np.nextafter(0.5, 0), "Medium", "Medium"),
        (0.5, "High", "Medium"),
        (np.nextafter(0.7, 0), "High", "Medium"),
        (0.7, "Critical", "Medium"),
        (np.nextafter(0.7, 1), "Critical", "High"),
        (0.75, "Critical", "High"),
        (1.0, "Critical", "High"),
    ],
)
def test_each_policy_holds_its_own_bounds(probability, segment, advisor):
    assert SEGMENTS_V2.tier(probability) == segment
    assert TIERS_ADVISOR.tier(probability) == advisor


def test_the_unrounded_probability_counts():
    assert SEGMENTS_V2.tier(0.6999999) == "High"


@given(st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.3, 0.4, 0.5, 0.7])), min_size=1))
def test_many_at_once_get_the_tiers_of_one_by_one(probabilities):
    for policy in POLICIES.values():
        positions = policy.positions(np.array(probabilities))

        assert [policy.tiers[position] for position in positions] == [policy.tier(p) for p in probabilities]


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_probability_never_has_a_lower_tier(one, other):
    for policy in POLICIES.values():
        low, high = (policy.tiers.index(policy.tier(p)) for p in sorted((one, other)))

        assert low <= high


@pytest.mark.parametrize("wrong", [-0.01, 1.01, float("nan")])
def test_refuses_what_is_no_probability(wrong):
    with pytest.raises(ValueError, match="between 0 and 1"):
        SEGMENTS_V2.tier(wrong)
    with pytest.raises(ValueError, match="between 0 and 1"):
        SEGMENTS_V2.positions([0.5, wrong])


@pytest.mark.parametrize("bounds", [(0.5,), (0.7, 0.3), (0.5, 0.5)])
def test_refuses_a_policy_whose_bounds_do_not_fit(bounds):
    with pytest.raises(ValueError, match="rising"):
        RiskPolicy("odd", ("Low", "Medium", "High"), bounds)
