import numpy as np
import pandas as pd
import pytest

from ml.logs.features.selection import select_features

ROWS = 1_000


@pytest.fixture(scope="module")
def churned():
    return np.random.default_rng(1).integers(0, 2, ROWS)


@pytest.fixture(scope="module")
def matrix(churned):
    rng = np.random.default_rng(2)
    recency = 30 + 40 * churned + rng.normal(0, 20, ROWS)
    return pd.DataFrame(
        {
            "weak": recency + rng.normal(0, 6, ROWS),
            "recency": recency,
            "spend": rng.gamma(2, 20, ROWS),
            "mostly empty": np.where(np.arange(ROWS) % 10 < 9, np.nan, recency),
            "constant": np.where(np.arange(ROWS) < 5, 1.0, 0.0),
            "favourite": np.where(rng.random(ROWS) < 0.5, "tea", "coffee"),
        }
    )


def test_drops_with_the_reason_and_keeps_the_more_telling_of_two(matrix, churned):
    report = select_features(matrix, churned)

    assert report.kept == ("recency", "spend", "favourite")
    assert {one.name: one.reason for one in report.dropped} == {
        "mostly empty": "empty", "constant": "constant", "weak": "correlated",
    }  # fmt: skip
    assert "weak says the same as recency (correlation 0.9" in " ".join(
        one.sentence for one in report.dropped
    )
    assert report.importance[0][0] == "recency"


def test_keeps_the_first_of_two_where_nobody_knows_which_tells_more(matrix):
    report = select_features(matrix)

    assert "weak" in report.kept
    assert report.importance == ()
