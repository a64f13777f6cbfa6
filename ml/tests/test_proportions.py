import pytest
from statsmodels.stats.proportion import proportion_confint

from ml.evaluation.proportions import wilson_interval


@pytest.mark.parametrize(("hits", "tried"), [(0, 1), (0, 150), (5, 50), (209, 7043), (50, 50)])
def test_is_the_interval_that_statistics_books_give(hits, tried):
    assert wilson_interval(hits, tried) == pytest.approx(
        proportion_confint(hits, tried, method="wilson"), abs=1e-6
    )


@pytest.mark.parametrize(("hits", "tried"), [(0, 0), (3, 2), (-1, 5)])
def test_refuses_what_is_no_share(hits, tried):
    with pytest.raises(ValueError, match="A share"):
        wilson_interval(hits, tried)
