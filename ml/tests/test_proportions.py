from itertools import pairwise

import pytest
from scipy.stats import binom
from statsmodels.stats.proportion import proportion_confint

from ml.evaluation.proportions import share_interval

SIZES = (30, 200, 1_287)
RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.8, 0.98)


@pytest.mark.parametrize(
    ("hits", "tried"), [(0, 1), (0, 150), (1, 30), (5, 50), (39, 7_043), (50, 50), (33, 34)]
)
def test_few_hits_or_misses_get_the_exact_interval_of_statistics_books(hits, tried):
    assert share_interval(hits, tried) == pytest.approx(
        proportion_confint(hits, tried, method="beta"), abs=1e-6
    )


@pytest.mark.parametrize(("hits", "tried"), [(40, 80), (209, 7_043), (1_000, 1_287)])
def test_many_hits_get_the_interval_of_wilson(hits, tried):
    assert share_interval(hits, tried) == pytest.approx(
        proportion_confint(hits, tried, method="wilson"), abs=1e-6
    )


@pytest.mark.parametrize("tried", SIZES)
@pytest.mark.parametrize("rate", RATES)
def test_holds_the_truth_in_93_of_100_samples_or_more(tried, rate):
    # Counted, not simulated: every possible number of hits, by how likely it is.
    held = sum(
        binom.pmf(hits, tried, rate)
        for hits in range(tried + 1)
        if share_interval(hits, tried)[0] <= rate <= share_interval(hits, tried)[1]
    )

    assert held >= 0.93


@pytest.mark.parametrize("tried", [1, 33, 79, 200])
def test_more_hits_never_mean_less(tried):
    found = [share_interval(hits, tried) for hits in range(tried + 1)]

    assert all(0 <= low < high <= 1 for low, high in found)
    assert all(before <= after for before, after in pairwise(found))


@pytest.mark.parametrize(("hits", "tried"), [(0, 0), (3, 2), (-1, 5)])
def test_refuses_what_is_no_share(hits, tried):
    with pytest.raises(ValueError, match="A share"):
        share_interval(hits, tried)
