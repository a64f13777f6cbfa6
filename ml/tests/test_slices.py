import json
from functools import partial

import numpy as np
import pandas as pd
import pytest

from ml.evaluation.slices import slices
from ml.matrix.telco import TELCO_SLICES, TELCO_V1

slices_of = partial(slices, schema=TELCO_V1, features=TELCO_SLICES)


def table(rows=1_200):
    rng = np.random.default_rng(0)
    chances = rng.random(rows)
    columns = {
        "Contract": rng.choice(["Month-to-month", "One year", "Two year"], rows),
        "SeniorCitizen": rng.choice(["0", "1"], rows, p=[0.95, 0.05]),
        "tenure": rng.integers(0, 73, rows),
    }
    return columns, (rng.random(rows) < chances).astype(int), chances


def test_every_customer_is_in_one_slice_of_each_feature():
    columns, churned, chances = table()

    found = slices_of(columns, churned, chances, resamples=20)

    for feature in ("Contract", "SeniorCitizen", "tenure"):
        parts = [part for part in found if part.feature == feature]
        assert sum(part.customers for part in parts) == 1_200
        assert sum(part.churned for part in parts) == churned.sum()


def test_measures_a_slice_as_if_there_were_no_others():
    columns, churned, chances = table()
    chosen = columns["Contract"] == "One year"

    part = next(
        part for part in slices_of(columns, churned, chances, resamples=20) if part.label == "One year"
    )

    assert part.customers == chosen.sum()
    assert part.churn_rate == pytest.approx(churned[chosen].mean())
    assert part.mean_probability == pytest.approx(chances[chosen].mean())
    accuracy = ((chances >= 0.5) == churned)[chosen].mean()
    assert part.metrics.weighted["Accuracy"].value == pytest.approx(accuracy)


def test_cuts_tenure_after_the_first_second_and_fourth_year():
    tenure = np.array([0, 12, 13, 24, 25, 48, 49, 72])

    found = slices_of({"tenure": tenure}, [0, 1] * 4, [0.5] * 8, features=("tenure",), resamples=5)

    assert [(part.label, part.customers) for part in found] == [
        ("up to 12 months", 2),
        ("over 12 to 24 months", 2),
        ("over 24 to 48 months", 2),
        ("over 48 months", 2),
    ]


def test_flags_slices_that_are_too_small_to_rely_on():
    columns, churned, chances = table()

    found = {
        (part.feature, part.label): part.small for part in slices_of(columns, churned, chances, resamples=20)
    }

    assert found["SeniorCitizen", "1"]
    assert not found["SeniorCitizen", "0"]
    assert not found["Contract", "Two year"]


def test_flags_a_large_slice_in_which_hardly_anybody_left():
    churned = np.r_[np.ones(10), np.zeros(990)]

    (part,) = slices_of(
        {"Contract": ["Two year"] * 1_000}, churned, np.full(1_000, 0.01), features=("Contract",)
    )

    assert part.small


def test_shows_unknown_categories_as_a_slice_of_their_own():
    found = slices_of(
        {"Contract": [" one YEAR", "Weekly", None]}, [0, 1, 0], [0.1, 0.9, 0.2], features=("Contract",)
    )

    assert [(part.label, part.customers) for part in found] == [("One year", 1), ("(unknown)", 2)]


def test_cuts_other_numbers_at_their_quartiles():
    found = slices_of(
        {"MonthlyCharges": np.arange(1.0, 101.0)}, [0, 1] * 50, [0.5] * 100, features=("MonthlyCharges",)
    )

    assert [part.customers for part in found] == [25, 25, 25, 25]


def test_reads_a_data_frame_and_goes_through_json():
    columns, churned, chances = table(300)

    found = slices_of(columns, churned, chances, resamples=20)

    assert slices_of(pd.DataFrame(columns), churned, chances, resamples=20) == found
    json.dumps([part.to_dict() for part in found], allow_nan=False)


def test_refuses_columns_of_another_length():
    columns, churned, chances = table(300)

    with pytest.raises(ValueError, match="Contract has 300 rows, but there are 200 labels"):
        slices_of(columns, churned[:200], chances[:200])


def test_refuses_a_table_without_the_column():
    with pytest.raises(ValueError, match="Missing columns: Contract"):
        slices_of({"tenure": [1, 2], "SeniorCitizen": ["0", "1"]}, [0, 1], [0.1, 0.9])
