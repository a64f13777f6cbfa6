from itertools import pairwise

import pytest
from scipy.stats import fisher_exact
from statsmodels.stats.proportion import proportion_confint

from ml.evaluation.proportions import falls_behind, share_interval


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


@pytest.mark.parametrize("tried", [1, 33, 79, 200])
def test_more_hits_never_mean_less(tried):
    found = [share_interval(hits, tried) for hits in range(tried + 1)]

    assert all(0 <= low < high <= 1 for low, high in found)
    assert all(before <= after for before, after in pairwise(found))


@pytest.mark.parametrize(("hits", "tried"), [(0, 0), (3, 2), (-1, 5)])
def test_refuses_what_is_no_share(hits, tried):
    with pytest.raises(ValueError, match="A share"):
        share_interval(hits, tried)


@pytest.mark.parametrize(
    ("hits", "tried", "all_hits", "all_tried"),
    [(20, 60, 180, 300), (30, 60, 180, 300), (0, 40, 100, 340)],
)
@pytest.mark.parametrize("looks", [1, 12])
def test_a_part_falls_behind_by_the_exact_test_of_statistics_books(hits, tried, all_hits, all_tried, looks):
    table = [[hits, tried - hits], [all_hits - hits, all_tried - tried - all_hits + hits]]

    found = falls_behind(hits, tried, all_hits=all_hits, all_tried=all_tried, looks=looks)

    assert found is bool(fisher_exact(table, alternative="less").pvalue < 0.05 / looks)


def test_all_of_them_are_behind_nobody():
    assert not falls_behind(0, 40, all_hits=0, all_tried=40, looks=1)
    assert not falls_behind(0, 0, all_hits=5, all_tried=40, looks=1)
