"""Whatever a table looks like: training, graph, tables and single customers read every row alike."""

import json

import numpy as np
import pandas as pd
import pytest

from ml.exchange.export import export_model
from ml.learning.honest_scores import raw_scores
from ml.learning.training import train_model
from ml.matrix.frames import clean_frame
from ml.matrix.schemas import Category, FeatureSchema, Number
from ml.matrix.telco import TELCO_V1
from ml.model_types.catalogue import MODEL_TYPES
from ml.serving.scoring import Scorer

SHAPES = [(2, 3), (0, 3), (3, 0), (2, 2)]
ROWS = 400


def made_up(categories, numbers, seed):
    """Return a table with blanks and rare categories, and a schema that treats each column in some way."""
    rng = np.random.default_rng(seed)
    table, odds, categorical, numeric = {}, rng.normal(0, 0.5, ROWS), [], []
    for number in range(categories):
        name = f"category{number}"
        cells = rng.choice(["A", "B", "C", "rare", "odd"], ROWS, p=[0.4, 0.3, 0.2, 0.06, 0.04]).astype(object)
        odds += 1.5 * (cells == "B")
        cells[rng.random(ROWS) < 0.1] = None
        table[name] = cells
        categorical.append(Category(name, ("A", "B", "C"), *(bool(flag) for flag in rng.integers(0, 2, 2))))
    for number in range(numbers):
        name, may_be_blank, indicator = f"number{number}", *(bool(flag) for flag in rng.integers(0, 2, 2))
        cells = rng.normal(50, 20, ROWS).round(int(rng.integers(0, 4)))
        odds += (cells - 50) / 20
        if may_be_blank:
            cells[rng.random(ROWS) < 0.15] = np.nan
        table[name] = cells
        fill = 47.3 if may_be_blank else None
        numeric.append(Number(name, -1e6, 1e6, fill=fill, indicator=may_be_blank and indicator))
    table["left"] = np.where(odds > odds.mean(), "yes", "no")
    label = Category("left", ("no", "yes"))
    return pd.DataFrame(table), FeatureSchema("own", "id", tuple(categorical), tuple(numeric), label)


def with_surprises(table, schema):
    strange = table.copy()
    for column in schema.categorical:
        strange.loc[::7, column.name] = "never seen"
        strange.loc[3::11, column.name] = " "
    for column in schema.numeric:
        if column.fill is not None:
            strange.loc[::5, column.name] = np.nan
    return strange


def columns_of(frame, schema):
    return {name: frame[name].to_numpy() for name in schema.features}


@pytest.mark.filterwarnings("ignore")  # so few customers do not let every fit converge
@pytest.mark.parametrize("slug", MODEL_TYPES)
@pytest.mark.parametrize(("seed", "shape"), list(enumerate(SHAPES)))
def test_training_and_serving_agree_on_every_row(slug, seed, shape):
    table, schema = made_up(*shape, seed)
    trained = train_model(table, schema=schema, model_type=slug)
    exported = export_model(trained, schema)
    scorer = Scorer(json.loads(json.dumps(exported.manifest, allow_nan=False)), exported.onnx)
    strange = with_surprises(table, schema)
    clean = clean_frame(strange, schema)

    expected = trained.calibrator.apply(raw_scores(trained.pipeline, clean))

    as_written = scorer.score_batch(columns_of(strange, schema))
    cleaned = scorer.score_batch(columns_of(clean, schema))
    one_by_one = np.array([scorer.score_record(record) for record in strange.to_dict("records")])
    for found in (as_written, cleaned, one_by_one):
        assert np.abs(found - expected).max() < 1e-5
    assert len(scorer.explain_batch(columns_of(strange, schema), 100)) == sum(shape)


@pytest.mark.parametrize(("seed", "shape"), list(enumerate(SHAPES)))
def test_a_schema_survives_being_stored(seed, shape):
    _, schema = made_up(*shape, seed)

    assert FeatureSchema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


def test_a_schema_without_the_new_rules_is_stored_as_before():
    stored = TELCO_V1.to_dict()

    assert set(stored["categorical"][0]) == set(stored["label"]) == {"name", "values"}
    assert set(stored["numeric"][0]) == {"name", "minimum", "maximum", "integer", "unit"}


def test_others_and_blanks_have_columns_after_the_listed_values():
    plan = Category("Plan", ("Basic", "Gold"), other=True, blank=True)
    spend = Number("Spend", 0, 100, fill=5.0, indicator=True)
    schema = FeatureSchema("own", "id", (plan,), (spend,), Category("left", ("no", "yes")))

    assert schema.encoded_columns == (
        "Plan=Basic", "Plan=Gold", "Plan=(other)", "Plan=(blank)", "Spend", "Spend is blank",
    )  # fmt: skip
    assert schema.places == {"Plan": [0, 1, 2, 3], "Spend": [4, 5]}
    assert [plan.position(cell) for cell in ("gold ", "Silver", None, " ", float("nan"))] == [1, 2, 3, 3, 3]


def test_refuses_a_fill_outside_of_the_range():
    stored = TELCO_V1.to_dict()
    stored["numeric"][0] |= {"fill": -1.0}

    with pytest.raises(ValueError, match=r"tenure is filled with -1\.0, which is outside its range"):
        FeatureSchema.from_dict(stored)
