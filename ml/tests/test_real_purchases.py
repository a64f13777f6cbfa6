from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from ml.evaluation.leaks import single_column_auc
from ml.learning.feature_training import learn_over_time
from ml.logs.feature_columns import FeatureTable
from ml.logs.features.engine import compute_features
from ml.logs.features.logs import CsvLog
from ml.logs.labels import label_customers, latest_cutoff
from ml.logs.leak_guard import check_features

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "online_retail_invoices.csv"
HEADERS = {
    "customer_id": "cust",
    "event_at": "date",
    "amount": "amount",
    "order_id": "order",
    "quantity": "n_items",
}
HORIZON, ACTIVE = 90, 180
RETAIL = ("retail_v1", "retail_v2")


@pytest.fixture(scope="module")
def log():
    if not REAL.exists():
        pytest.skip("../shared/data/online_retail_invoices.csv is not there: no figures on real purchases.")
    return CsvLog(REAL, HEADERS, has_time=False)


def _make_matrix(log, as_of, feature_set, folder):
    features, labels = folder / "features.parquet", folder / "labels.parquet"
    compute_features(log, as_of=as_of, feature_set=feature_set, target=features)
    label_customers(log, as_of=as_of, horizon_days=HORIZON, active_window_days=ACTIVE, target=labels)
    matrix = pd.read_parquet(features).merge(pd.read_parquet(labels), on="customer_id")
    matrix = matrix[matrix["status"] == "active"]
    return matrix.drop(columns=["customer_id", "churned", "status"]), matrix["churned"].astype(int)


@pytest.mark.parametrize("feature_set", RETAIL)
def test_foresees_who_leaves_as_well_as_honest_features_can(log, feature_set, tmp_path):
    as_of = latest_cutoff(log, horizon_days=HORIZON)
    earlier, left_earlier = _make_matrix(log, as_of - timedelta(days=HORIZON), feature_set, tmp_path)
    later, left_later = _make_matrix(log, as_of, feature_set, tmp_path)
    tables = [
        FeatureTable(features.reset_index(drop=True), left.to_numpy())
        for features, left in ((earlier, left_earlier), (later, left_later))
    ]

    learned = learn_over_time(*tables, name=feature_set, model_type="logistic_regression")

    # Of customers who bought in the 180 days before the cutoff. Above 0.85 a feature would know the answer.
    assert len(later) == 2_784
    assert 0.73 <= learned.trained.metrics["weighted"]["AUC"] < 0.85
    assert all(one.verdict == "fine" for one in single_column_auc(earlier, left_earlier))


@pytest.mark.parametrize("feature_set", RETAIL)
def test_knows_no_future_of_real_customers(log, feature_set):
    report = check_features(log, as_of=latest_cutoff(log, horizon_days=HORIZON), feature_set=feature_set)

    assert report.customers == 20
