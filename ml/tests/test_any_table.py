"""Tables that nobody described: what is learned from them, and how blank and rare cells are read."""

import numpy as np
import pandas as pd
import pytest

from ml.exchange.export import export_model
from ml.learning.honest_scores import raw_scores
from ml.learning.training import train_model
from ml.matrix.design import choose_schema
from ml.matrix.frames import clean_frame
from ml.matrix.schemas import Category
from ml.serving.scoring import Scorer

LABEL = Category("left", ("no", "yes"))
SMALL = {"lightgbm": {"n_estimators": 20}}


def make_table(seed, rows=400):
    rng = np.random.default_rng(seed)
    spend = rng.gamma(2, 30, rows)
    visits = rng.integers(0, 9, rows).astype(float)
    city = rng.choice(
        ["Bonn", "Graz", "Bern", "Lille", "Turin", "Aalst"], rows, p=[0.4, 0.3, 0.2, 0.06, 0.03, 0.01]
    )
    chance = 1 / (1 + np.exp(spend / 40 - visits / 4 + (city == "Graz")))
    table = pd.DataFrame(
        {
            "id": [f"c{number}" for number in range(rows)],
            "spend": np.where(rng.random(rows) < 0.2, np.nan, spend),
            "visits": np.where(rng.random(rows) < 0.01, np.nan, visits),
            "city": np.where(rng.random(rows) < 0.15, None, city),
            "member": rng.choice(["yes", "no"], rows),
            "left": np.where(rng.random(rows) < chance, "yes", "no"),
        }
    )
    return table


def schema_of(table):
    kinds = {"spend": "number", "visits": "number", "city": "category", "member": "category"}
    return choose_schema(table, name="own", id_column="id", label=LABEL, kinds=kinds)[0]


@pytest.mark.parametrize("model_type", ["logistic_regression", "lightgbm"])
def test_what_was_chosen_is_served_as_it_was_learned(model_type):
    table = make_table(1)
    schema = schema_of(table)
    trained = train_model(table, schema=schema, model_type=model_type, params=SMALL.get(model_type))
    exported = export_model(trained, schema)
    strange = make_table(2, rows=200)
    strange.loc[:20, "city"], strange.loc[21:30, "city"], strange.loc[31:40, "spend"] = "Oslo", " ", np.nan

    expected = trained.calibrator.apply(raw_scores(trained.pipeline, clean_frame(strange, schema)))
    cells = {name: [None if cell != cell else cell for cell in strange[name]] for name in schema.features}

    found = Scorer(exported.manifest, exported.onnx).score_batch(cells)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_blank_is_told_apart_where_many_are():
    schema = schema_of(make_table(3))

    assert [(column.name, column.indicator) for column in schema.numeric] == [
        ("spend", True),
        ("visits", False),
    ]
    assert "spend is blank" in schema.encoded_columns


def test_rare_values_share_a_level_and_new_ones_join_them():
    city = next(column for column in schema_of(make_table(3)).categorical if column.name == "city")

    assert "Aalst" not in city.values
    assert city.spelling("Aalst") == city.spelling("Oslo") == "(other)"
    assert city.spelling(None) == city.spelling("  ") == "(blank)"


def test_says_why_a_column_is_not_learned_from():
    table = make_table(4).assign(country="AT", nothing=np.nan)
    table["street"] = [f"Street {n % (len(table) // 5)}" for n in range(len(table))]
    kinds = {"country": "category", "nothing": "number", "street": "category", "visits": "number"}

    schema, notes = choose_schema(table, name="own", id_column="id", label=LABEL, kinds=kinds)

    assert schema.features == ("visits",)
    assert notes == {
        "country": "All customers have the same value.",
        "nothing": "No customer has a number here.",
        "street": f"Each of its {len(table) // 5} values belongs to few customers. Put them into a few "
        "groups, and a model can learn from them.",
    }


def test_refuses_a_table_in_which_customers_do_not_differ():
    with pytest.raises(ValueError, match="nothing can be learned"):
        choose_schema(
            pd.DataFrame({"a": [1.0] * 50}), name="own", id_column="id", label=LABEL, kinds={"a": "number"}
        )


def test_another_company_is_learned_from_its_table_alone(shared):
    """Another schema, double spaces in headers; equal rows may stand on both sides of these splits."""
    table = pd.read_csv(shared / "data" / "iranian_churn.csv")
    label = Category("Churn", ("0", "1"))
    kinds = {name: "number" for name in table.columns if name != "Churn"}
    schema, _ = choose_schema(table, name="own", id_column="row", label=label, kinds=kinds)

    def mean_auc(model_type):
        splits = [train_model(table, schema=schema, model_type=model_type, seed=seed) for seed in range(5)]
        return np.mean([trained.metrics["weighted"]["AUC"] for trained in splits])

    assert 0.98 <= mean_auc("lightgbm") < 0.995
    assert 0.92 <= mean_auc("logistic_regression") < 0.95
