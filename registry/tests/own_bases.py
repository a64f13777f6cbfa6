"""A customer base of a company's own with a model that serves it, and files of its customers.

They are written as a company in Germany writes them: semicolons, decimal commas, days first, ja and nein;
with blanks, rare regions, and somebody who was entered twice.
"""

import csv
import io
import tempfile
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from random import Random

import pandas as pd

from companies.models import Company
from ml.exchange.export import ExportedModel, export_model
from ml.learning.packaging import TrainedModel
from ml.learning.training import train_model
from ml.matrix.design import choose_schema
from ml.matrix.schemas import Category, FeatureSchema
from registry.models import ModelDeployment, ModelType, ModelVersion, Population
from registry.services.model_types import add_missing_model_types
from registry.services.opening import forget_loaded
from registry.services.populations import create_population
from registry.services.versions import register_version
from registry.tests.factories import NOON, ModelDeploymentFactory
from tabular.previews.preview import preview_table
from tabular.snapshots.check import check_table
from tabular.snapshots.frame import load_frame
from tabular.snapshots.inference import infer_table
from tabular.snapshots.plan import SnapshotPlan, freeze, suggest

ID, OUTCOME, STAYED, LEFT, VALUE = "Kundennummer", "gekündigt", "nein", "ja", "Umsatz"
HEADER = [ID, "Tarif", VALUE, "Besuche", "Beginn", "Newsletter", "Region", "Rabatt", OUTCOME]
WORDING = {
    VALUE: {"label": "Umsatz je Quartal", "unit": "EUR"},
    "Newsletter": {"values": {"ja": "mit", "nein": "ohne"}},
}
REGIONS = ["Nord"] * 40 + ["Süd"] * 35 + ["West"] * 20 + ["Ost", "Insel"]
# Small ones learn the same way and are made in a moment.
QUICK = {
    "xgboost": {"n_estimators": 20},
    "lightgbm": {"n_estimators": 20},
    "random_forest": {"n_estimators": 20},
    "gradient_boosting": {"n_estimators": 20},
}


@dataclass(frozen=True)
class OwnModel:
    """What was learned from a table of one's own, still in memory."""

    plan: SnapshotPlan
    schema: FeatureSchema
    trained: TrainedModel
    exported: ExportedModel


def own_rows(number: int = 400, *, seed: int = 1) -> list[list[str]]:
    """Return made-up customers, one list of cells for each, in the order of `HEADER`."""
    draw = Random(seed)
    return [_customer(draw, place, seed) for place in range(number)]


def _customer(draw: Random, place: int, seed: int) -> list[str]:
    plan = draw.choice(["Basis", "Plus", "Profi"])
    sales, visits = draw.gammavariate(2, 600), draw.randrange(12)
    begun = f"{draw.randint(1, 28):02d}.{draw.randint(1, 12):02d}.20{draw.randint(15, 23)}"
    letters = draw.random() < 0.4
    odds = 0.35 + 0.25 * (plan == "Basis") - 0.03 * visits - 0.15 * letters
    return [
        f"K-{seed}-{place:04d}",
        plan,
        "" if draw.random() < 0.15 else german(sales),
        "NA" if draw.random() < 0.01 else str(visits),
        "" if draw.random() < 0.12 else begun,
        "ja" if letters else "nein",
        "" if draw.random() < 0.15 else draw.choice(REGIONS),
        german(draw.choice([0, 5, 10])),
        LEFT if draw.random() < odds else STAYED,
    ]


def german(number: float) -> str:
    """Write 1234.5 as 1.234,50."""
    return f"{number:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def own_csv(
    rows: list[list[str]] | None = None, *, with_outcome: bool = True, without: tuple[str, ...] = ()
) -> bytes:
    """Return customers as the bytes of a file; `without` names columns that it does not have."""
    left_out = {*without, *(() if with_outcome else (OUTCOME,))}
    places = [place for place, name in enumerate(HEADER) if name not in left_out]
    text = io.StringIO()
    write = csv.writer(text, delimiter=";", lineterminator="\n").writerow
    for row in [HEADER, *(own_rows() if rows is None else rows)]:
        write([row[place] for place in places])
    return text.getvalue().encode()


@lru_cache(maxsize=16)
def own_model(model_type: str = "logistic_regression", *, with_ids: bool = True) -> OwnModel:
    """Return what `model_type` learns from `own_rows`, once per process."""
    return learn_table(own_csv(without=() if with_ids else (ID,)), model_type)


def learn_table(content: bytes, model_type: str) -> OwnModel:
    """Return what is learned from a file, read by what is suggested."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kunden.csv"
        path.write_bytes(content)
        found = infer_table(path, preview_table(path))
        plan = freeze(found, suggest(found))
        table = plan.table_schema(name="own", purpose="train")
        spec = check_table(path, table, purpose="train").spec
        frame, plan = load_frame(path, spec, table), replace(plan, reference=spec.reference)
    columns = pd.DataFrame({name: array.to_pandas() for name, array in frame.columns.items()})
    columns = columns.astype({name: object for name, kind in plan.kinds.items() if kind == "category"})
    label = Category(plan.outcome.name, plan.label_values)
    schema, _ = choose_schema(columns, name="own", id_column=plan.id_column, label=label, kinds=plan.kinds)
    columns[label.name] = [label.values[left] for left in frame.labels]
    trained = train_model(columns, schema=schema, model_type=model_type, params=QUICK.get(model_type))
    return OwnModel(plan, schema, trained, export_model(trained, schema))


def own_base(
    company: Company,
    *,
    name: str = "Shops",
    model_type: str = "logistic_regression",
    with_ids: bool = True,
    with_value: bool = True,
    deployed: bool = True,
) -> tuple[Population, ModelVersion]:
    """Give `company` a base of its own with a version that learned from `own_rows`, its champion.

    The version has its files in the media folder of the test.
    """
    model = own_model(model_type, with_ids=with_ids)
    base = create_population(
        company=company,
        name=name,
        kind=Population.Kind.SNAPSHOT,
        schema=model.schema.to_dict(),
        reading=model.plan.to_dict(),
        roles={
            "id": model.schema.id_column,
            "outcome": OUTCOME,
            "left": LEFT,
            **({"value": VALUE} if with_value else {}),
        },
        definition={"column": OUTCOME},
        wording=WORDING,
        currency="EUR",
        by=None,
        at=NOON,
    )
    return base, own_version(base, model_type=model_type, with_ids=with_ids, deployed=deployed)


def own_version(
    base: Population,
    *,
    model_type: str = "logistic_regression",
    with_ids: bool = True,
    deployed: bool = True,
) -> ModelVersion:
    """Return one more version of a base that `own_base` made; `deployed` makes it the champion."""
    add_missing_model_types()
    forget_loaded()
    version = register_version(
        company=base.company,
        population=base,
        model_type=ModelType.objects.get(slug=model_type),
        exported=own_model(model_type, with_ids=with_ids).exported,
        dataset=None,
        at=NOON,
    )
    if deployed:
        ModelDeploymentFactory(
            model=version, role=ModelDeployment.Role.CHAMPION, champion_slot=True, deployed_at=NOON
        )
    return version
