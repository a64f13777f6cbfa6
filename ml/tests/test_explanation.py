import numpy as np
import pytest

from ml.matrix.columns import read_columns
from ml.matrix.frames import clean_frame
from ml.matrix.telco import TELCO_V1
from ml.serving.explanation import Group, describe_feature, state_finding
from ml.serving.scoring import Scorer

CONTRACT = next(column for column in TELCO_V1.categorical if column.name == "Contract")
TENURE = TELCO_V1.numeric[0]


@pytest.fixture
def columns(small_table):
    clean = clean_frame(small_table, TELCO_V1)
    return {name: clean[name].to_numpy() for name in clean}


@pytest.fixture
def scorer(small_models):
    return Scorer(small_models.export("logistic_regression").manifest)


def test_names_every_feature_with_the_strongest_first(scorer, columns):
    effects = scorer.explain_batch(columns)

    assert sorted(name for name, _ in effects) == sorted(TELCO_V1.features)
    assert [effect for _, effect in effects] == sorted((effect for _, effect in effects), reverse=True)
    assert "tenure" in [name for name, _ in effects[:2]]


def test_is_the_same_twice_and_about_the_same_on_a_smaller_sample(scorer, columns):
    full, again, small = (dict(scorer.explain_batch(columns, sample)) for sample in (2_000, 2_000, 500))

    assert full == again == dict(scorer.explain_batch(columns, threads=2))
    assert all(abs(full[name] - small[name]) < 0.03 for name in full)


def test_a_column_with_one_value_has_no_effect(scorer, columns):
    columns["Contract"] = np.array(["One year"] * len(columns["tenure"]))

    assert dict(scorer.explain_batch(columns))["Contract"] == 0


def test_one_customer_is_compared_with_the_golden_rows(scorer, columns):
    effects = scorer.explain_batch({name: cells[:1] for name, cells in columns.items()})

    assert effects[0][1] > 0


def test_a_weight_of_zero_means_no_effect(small_models, columns):
    manifest = small_models.export("logistic_regression").manifest
    serving = dict(manifest["serving"])
    serving["weights"] = serving["weights"] | {"tenure": 0.0}

    assert dict(Scorer(manifest | {"serving": serving}).explain_batch(columns))["tenure"] == 0


def test_an_empty_batch_has_no_effects(scorer):
    assert {effect for _, effect in scorer.explain_batch({name: [] for name in TELCO_V1.features})} == {0.0}


def test_describes_a_category_by_its_mean_probability():
    schema_columns = {name: ["No"] * 4 for name in TELCO_V1.features} | {
        "Contract": ["Two year", "One year", "Two year", "Eternal"], "tenure": [1.0] * 4,
        "MonthlyCharges": [1.0] * 4, "TotalCharges": [1.0] * 4,
    }  # fmt: skip
    coded, _ = read_columns(schema_columns, TELCO_V1)
    contract = coded[TELCO_V1.categorical.index(CONTRACT)]

    groups = describe_feature(CONTRACT, contract, np.array([0.1, 0.3, 0.2, 0.9]))

    assert [(group.label, group.rows) for group in groups] == [
        ("One year", 1),
        ("Two year", 2),
        ("(unknown)", 1),
    ]
    assert groups[1].mean_probability == pytest.approx(0.15)


def test_describes_a_number_by_ranges():
    groups = describe_feature(TENURE, np.arange(8.0), np.linspace(0.8, 0.1, 8), bins=2)

    assert [(group.label, group.rows) for group in groups] == [("up to 3", 4), ("4 and more", 4)]
    assert groups[0].mean_probability > groups[1].mean_probability


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        ([1, 1, 2, 2, 3, 4, 6, 9], ["1", "2", "3 to 4", "5 and more"]),
        ([0, 0, 0, 1, 1, 1], ["0", "1"]),
        ([1e6, 1e6, 2e6, 3e6], ["1,000,000 to 1,499,999", "1,500,000 to 2,249,999", "2,250,000 and more"]),
        ([0.5, 1.5, 2.5, 3.5], ["below 1.25", "1.25 to below 2", "2 to below 2.75", "2.75 and more"]),
    ],
)
def test_ranges_of_whole_numbers_are_named_by_the_numbers_in_them(cells, labels):
    groups = describe_feature(TENURE, np.array(cells, float), np.zeros(len(cells)))

    assert [group.label for group in groups] == labels


def test_states_how_many_times_as_often():
    groups = [Group("Month-to-month", 60, 0.44), Group("One year", 30, 0.1), Group("Two year", 40, 0.04)]

    assert state_finding(CONTRACT.name, groups) == (
        "The model expects customers with Contract Month-to-month to leave 11 times as often as with Two "
        "year (44 % against 4 %)."
    )


@pytest.mark.parametrize(
    ("groups", "finding"),
    [
        ([Group("One year", 60, 0.44)], ""),
        ([Group("One year", 60, 0.44), Group("Two year", 3, 0.01)], ""),
        (
            [Group("One year", 60, 0.30), Group("Two year", 60, 0.29)],
            "Contract: the model expects hardly a difference between One year and Two year (30 % against "
            "29 %).",
        ),
        (
            [Group("One year", 60, 0.30), Group("Two year", 60, 0.0)],
            "The model expects customers with Contract One year to leave more than 50 times as often as with "
            "Two year (30 % against less than 1 %).",
        ),
        (
            [Group("One year", 60, 0.9969), Group("Two year", 60, 0.1)],
            "The model expects customers with Contract One year to leave 10 times as often as with Two year "
            "(more than 99 % against 10 %).",
        ),
    ],
)
def test_does_not_boast(groups, finding):
    assert state_finding(CONTRACT.name, groups) == finding
