import json

import pytest

from ml.matrix.schemas import FeatureSchema, Number
from ml.matrix.telco import TELCO_V1


def test_telco_reads_thirteen_categories_and_three_numbers():
    assert sorted(column.name for column in TELCO_V1.categorical) == [
        "Contract", "Dependents", "DeviceProtection", "InternetService", "OnlineBackup", "OnlineSecurity",
        "PaperlessBilling", "Partner", "PaymentMethod", "SeniorCitizen", "StreamingMovies", "StreamingTV",
        "TechSupport",
    ]  # fmt: skip
    assert [column.name for column in TELCO_V1.numeric] == ["tenure", "MonthlyCharges", "TotalCharges"]
    assert not {"gender", "PhoneService", "MultipleLines", "customerID", "Churn"} & set(TELCO_V1.features)


def test_survives_a_round_trip_through_json():
    assert FeatureSchema.from_dict(json.loads(json.dumps(TELCO_V1.to_dict()))) == TELCO_V1


@pytest.mark.parametrize("cell", ["Month-to-month", " month-to-month", "MONTH-TO-MONTH "])
def test_a_category_is_matched_whatever_its_case_and_margins(cell):
    contract = next(column for column in TELCO_V1.categorical if column.name == "Contract")

    assert contract.values[contract.position(cell)] == "Month-to-month"


@pytest.mark.parametrize("cell", [1, 1.0, "1", " 1 "])
def test_senior_citizen_is_a_category_however_the_file_writes_it(cell):
    senior = next(column for column in TELCO_V1.categorical if column.name == "SeniorCitizen")

    assert senior.position(cell) == senior.values.index("1")


@pytest.mark.parametrize("cell", ["", "Month to month", None, "1,5"])
def test_anything_else_is_unknown(cell):
    contract = next(column for column in TELCO_V1.categorical if column.name == "Contract")

    assert contract.position(cell) == -1


def test_refuses_a_number_without_a_finite_range():
    broken = TELCO_V1.to_dict() | {"numeric": [vars(Number("tenure", 0, float("inf")))]}

    with pytest.raises(ValueError, match="finite range"):
        FeatureSchema.from_dict(broken)


def test_refuses_what_is_no_schema():
    with pytest.raises(ValueError, match="not a feature schema"):
        FeatureSchema.from_dict({"name": "telco_v1"})
