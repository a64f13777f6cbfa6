import json

import numpy as np
import pytest

from ml.exchange.export import export_model
from ml.learning.training import train_model
from ml.matrix.frames import clean_frame
from ml.matrix.telco import TELCO_V1
from ml.model_types.catalogue import MODEL_TYPES
from ml.samples.dataset_a import make_dataset_a


@pytest.mark.parametrize("slug", MODEL_TYPES)
def test_gives_the_same_model_bit_for_bit(slug, small_table, small_models):
    again = export_model(train_model(small_table.copy(), schema=TELCO_V1, model_type=slug), TELCO_V1)

    first = small_models.export(slug)
    assert json.dumps(again.manifest) == json.dumps(first.manifest)
    assert again.onnx == first.onnx
    assert again.pipeline_pickle == first.pipeline_pickle


def test_another_seed_splits_otherwise(small_table, small_models):
    other = train_model(small_table, schema=TELCO_V1, model_type="decision_tree", seed=7)

    assert other.golden != small_models.train("decision_tree").golden


def test_holds_out_a_stratified_fifth(defaults):
    trained = defaults.train("decision_tree")

    # Of 26 customers who are equal to another one, these have a twin that was held out.
    assert trained.split["twins_left_out"] < 26
    assert trained.split["train_rows"] + trained.split["twins_left_out"] == 5_148
    assert trained.split["test_rows"] == 1_287
    confusion = trained.metrics["confusion"]
    assert confusion["true_positive"] + confusion["false_negative"] == 340


def test_the_network_has_exactly_the_asked_parameters(small_models):
    network = small_models.train("neural_network").pipeline.named_steps["model"]

    assert network.hidden_layer_sizes == (100, 50)
    assert network.activation == "identity"
    assert network.solver == "sgd"
    assert network.alpha == 0.1
    assert network.max_iter == 200
    assert network.random_state == 42


def test_learns_nothing_from_the_held_out_fifth(small_table):
    # Equal customers would be left out with those held out, and come back when these change.
    small_table = small_table[~clean_frame(small_table, TELCO_V1).duplicated()].reset_index(drop=True)
    base = train_model(small_table, schema=TELCO_V1, model_type="logistic_regression")
    from sklearn.model_selection import train_test_split

    churned = (small_table["Churn"] == "Yes").to_numpy()
    _, held_out = train_test_split(np.arange(len(churned)), test_size=0.2, stratify=churned, random_state=42)
    changed = small_table.copy()
    changed.loc[held_out, "MonthlyCharges"] = "20.00"
    changed.loc[held_out, "Contract"] = "Two year"

    other = train_model(changed, schema=TELCO_V1, model_type="logistic_regression")

    np.testing.assert_array_equal(
        other.pipeline.named_steps["model"].coef_, base.pipeline.named_steps["model"].coef_
    )
    assert other.calibrator == base.calibrator
    assert other.metrics["weighted"] != base.metrics["weighted"]


def test_as_many_of_the_newest_uploads_are_told_apart_as_can_be_judged(small_table):
    uploads = np.repeat([0, 1, 2], [600, 840, 60])

    newest = train_model(small_table, schema=TELCO_V1, model_type="decision_tree", uploads=uploads).metrics[
        "newest"
    ]

    assert newest["uploads"] == 2
    assert sum(one["rows"] for one in newest["bins"]) == pytest.approx(900 / 5, abs=25)


def test_ignores_every_other_column(small_table, small_models):
    told = small_table.assign(Secret=small_table["Churn"], gender="?", Region=small_table["Churn"])

    trained = train_model(told, schema=TELCO_V1, model_type="decision_tree")

    assert trained.metrics == small_models.train("decision_tree").metrics


def test_reads_headers_and_categories_whatever_their_case(small_table, small_models):
    loud = small_table.rename(columns=str.upper).assign(CONTRACT=small_table["Contract"].str.upper() + " ")

    trained = train_model(loud, schema=TELCO_V1, model_type="decision_tree")

    assert trained.data_sha256 == small_models.train("decision_tree").data_sha256


def test_importance_names_each_feature_once_and_knows_what_matters(defaults):
    importance = defaults.train("logistic_regression").importance

    assert sorted(row["feature"] for row in importance) == sorted(TELCO_V1.features)
    assert importance[0]["feature"] == "tenure"
    assert {"Contract", "InternetService"} <= {row["feature"] for row in importance[:5]}


def test_says_why_a_calibration_was_chosen(small_models):
    for slug in MODEL_TYPES:
        calibrator = small_models.train(slug).calibrator

        assert set(calibrator.comparison) == {"none", "sigmoid", "isotonic"}
        assert calibrator.comparison[calibrator.method] <= min(calibrator.comparison.values()) / 0.999


def test_refuses_a_table_without_a_column(small_table):
    with pytest.raises(ValueError, match="Missing columns: tenure"):
        train_model(small_table.drop(columns="tenure"), schema=TELCO_V1, model_type="decision_tree")


def test_refuses_a_column_that_is_there_twice(small_table):
    with pytest.raises(ValueError, match="Two columns"):
        clean_frame(small_table.assign(TENURE="1"), TELCO_V1)


@pytest.mark.parametrize(
    ("column", "cell", "sentence"),
    [
        ("MonthlyCharges", "n/a", "MonthlyCharges: row 4 has 'n/a', which is not a number"),
        ("tenure", "-1", "tenure must be a number from 0"),
        ("TotalCharges", "", "TotalCharges must be a number"),
        ("Churn", "maybe", "Churn must be No or Yes: row 4 has 'maybe'"),
    ],
)
def test_refuses_a_broken_cell_and_says_where(column, cell, sentence):
    table = make_dataset_a(rows=300)
    table.loc[3, "tenure"] = "5"
    table.loc[3, column] = cell

    with pytest.raises(ValueError, match=sentence):
        train_model(table, schema=TELCO_V1, model_type="decision_tree")


def test_reads_a_blank_total_of_a_new_customer_as_zero():
    table = make_dataset_a(rows=300)
    table.loc[3, ["tenure", "TotalCharges"]] = ["0", " "]

    assert clean_frame(table, TELCO_V1)["TotalCharges"][3] == 0


def test_refuses_too_few_of_one_outcome(small_table):
    stayed = small_table[small_table["Churn"] == "No"]

    with pytest.raises(ValueError, match="at least 30"):
        train_model(stayed, schema=TELCO_V1, model_type="decision_tree")


def test_refuses_an_unknown_type(small_table):
    with pytest.raises(ValueError, match="Unknown model type 'oracle'"):
        train_model(small_table, schema=TELCO_V1, model_type="oracle")
