from pathlib import Path

import numpy as np
import pytest

from ml.matrix.telco import TELCO_V1
from ml.samples.dataset_a import COLUMNS, dataset_a_csv, make_dataset_a

COMMITTED = Path(__file__).resolve().parents[2] / "DatasetA.csv"


def test_has_6435_customers_of_whom_26_4_percent_churned(dataset_a):
    assert dataset_a.shape == (6_435, 24)
    assert (dataset_a["Churn"] == "Yes").sum() == 1_699
    assert round(1_699 / 6_435, 3) == 0.264


def test_the_committed_file_is_what_the_code_makes(dataset_a):
    assert dataset_a_csv(dataset_a) == COMMITTED.read_bytes()


def test_another_seed_gives_other_customers(dataset_a):
    assert dataset_a_csv(make_dataset_a(seed=1)) != dataset_a_csv(dataset_a)


def test_has_the_telco_columns_and_three_more(dataset_a):
    known = {*TELCO_V1.features, *TELCO_V1.ignored, TELCO_V1.id_column, TELCO_V1.label.name}

    assert tuple(dataset_a.columns) == COLUMNS
    assert len(known) == 21
    assert set(COLUMNS) - known == {"Region", "SignupChannel", "LastSurveyScore"}


def test_every_category_is_one_the_schema_knows_and_each_occurs(dataset_a):
    for column in TELCO_V1.categorical:
        assert set(dataset_a[column.name]) == set(column.values)


def test_total_charges_are_blank_exactly_where_tenure_is_0(dataset_a):
    blank = dataset_a["TotalCharges"] == ""

    assert 5 <= blank.sum() <= 20
    assert (blank == (dataset_a["tenure"] == "0")).all()


def test_total_charges_follow_tenure_and_monthly_charges(dataset_a):
    billed = dataset_a[dataset_a["tenure"] != "0"]
    total = billed["TotalCharges"].astype(float)
    expected = billed["tenure"].astype(float) * billed["MonthlyCharges"].astype(float)

    assert np.corrcoef(total, expected)[0, 1] > 0.998
    assert (total != expected).mean() > 0.5
    assert (total >= billed["MonthlyCharges"].astype(float) - 0.01).all()


def test_services_stand_or_fall_with_the_internet(dataset_a):
    offline = dataset_a["InternetService"] == "No"
    for name in (
        "OnlineSecurity",
        "OnlineBackup",
        "DeviceProtection",
        "TechSupport",
        "StreamingTV",
        "StreamingMovies",
    ):
        assert ((dataset_a[name] == "No internet service") == offline).all()


def test_the_extra_columns_say_nothing_about_churn(dataset_a):
    churned = dataset_a["Churn"] == "Yes"
    for name in ("Region", "SignupChannel", "LastSurveyScore"):
        assert churned.groupby(dataset_a[name]).mean().between(0.20, 0.33).all()


def test_churn_rates_are_near_those_of_real_customers(dataset_a, real_customers):
    table, _, _ = real_customers
    for name in ("Contract", "InternetService", "SeniorCitizen", "Partner", "TechSupport", "PaymentMethod"):
        invented = (dataset_a["Churn"] == "Yes").groupby(dataset_a[name]).mean()
        real = (table["Churn"] == "Yes").groupby(table[name]).mean()

        assert np.abs(invented - real).max() < 0.06, name


def test_holds_no_real_customer(dataset_a, real_customers):
    table, _, _ = real_customers

    assert not set(dataset_a["customerID"]) & set(table["customerID"])


def test_refuses_to_be_too_small():
    with pytest.raises(ValueError, match="at least 100"):
        make_dataset_a(rows=99)
