import numpy as np
import pandas as pd
import pytest

from ml.logs.features.selection import select_features
from ml.logs.features.transformation import FeatureTransformer, compute_derived, derive_features

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


@pytest.mark.parametrize("scaling", ["none", "unit", "standard"])
def test_learns_scales_from_the_training_rows_only(matrix, scaling):
    transformer = FeatureTransformer(scaling).fit(matrix.head(500))

    training, later = transformer.transform(matrix.head(500)), transformer.transform(matrix.tail(500))

    assert list(later.columns) == list(transformer.get_feature_names_out())
    assert not later.isna().any().any()
    spend = training["spend"]
    if scaling == "unit":
        assert (spend.min(), spend.max()) == (0, 1)
        assert later["spend"].between(0, 1).all()
    elif scaling == "standard":
        assert (spend.mean(), spend.std(ddof=0)) == (pytest.approx(0, abs=1e-9), pytest.approx(1))
        assert later["spend"].mean() != pytest.approx(0, abs=1e-9)
    else:
        assert spend.tolist() == matrix["spend"].head(500).tolist()


def test_encodes_values_that_training_did_not_know(matrix):
    rare = matrix.assign(favourite=["mate", *matrix["favourite"][1:]])
    transformer = FeatureTransformer().fit(rare)

    found = transformer.transform(rare.assign(favourite="never seen"))

    assert (found["favourite = other"] == 1).all()
    assert (found[["favourite = coffee", "favourite = tea"]] == 0).all().all()


def test_encodes_an_order_and_a_churn_rate(churned):
    tiers = np.where(churned == 1, "gold", "silver")
    frame = pd.DataFrame({"tier": tiers, "region": tiers})
    transformer = FeatureTransformer("none", encoding="target", ordinals={"tier": ("silver", "gold")})

    found = transformer.fit(frame, churned).transform(frame)

    assert found["tier"].tolist() == churned.tolist()
    assert found["region"][churned == 1].unique()[0] == pytest.approx(0.98, abs=0.02)
    with pytest.raises(ValueError, match="needs the labels"):
        FeatureTransformer(encoding="target").fit(frame)


def test_bins_ages_and_spends():
    frame = pd.DataFrame(
        {"days_since_first_purchase": [5, 60, 200, 900], "total_lifetime_spend": [1, 2, 3, 100]}
    )

    found = FeatureTransformer("none", bins=True).fit_transform(frame)

    assert found["age_group = new"].tolist() == [1, 0, 0, 0]
    assert found["spend_tier = top"].tolist() == [0, 0, 0, 1]


def test_derives_only_what_tells_more_than_its_parts(churned):
    rng = np.random.default_rng(3)
    usual = rng.gamma(3, 10, ROWS) + 1
    frame = pd.DataFrame(
        {"silence": usual * (1 + 2 * churned), "usual": usual, "noise": rng.normal(size=ROWS)}
    )

    recipes = derive_features(frame, churned)

    assert "silence / usual" in recipes
    assert not any("noise" in recipe for recipe in recipes.values())
    assert compute_derived(frame, recipes)["silence / usual"].round(6).isin([1, 3]).all()
