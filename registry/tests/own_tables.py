"""A customer base of a company's own table, of which nothing was learned: the members of a gym.

`own_bases` has one with a model that serves it.
"""

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from ml.matrix.design import choose_schema
from ml.matrix.schemas import Category
from ml.samples.members import make_members
from registry.models import Population
from registry.tests.factories import PopulationFactory
from tabular.previews.preview import preview_table
from tabular.snapshots.inference import infer_table
from tabular.snapshots.plan import SnapshotPlan, freeze, suggest


def gym_of(company, **fields) -> Population:
    """Return a base of the members of `company`, of which nothing was learned yet."""
    plan, schema = _described()
    stayed, left = schema.label.values
    return PopulationFactory(
        company=company,
        kind=Population.Kind.SNAPSHOT,
        schema=schema.to_dict(),
        reading=plan.to_dict(),
        roles={"id": schema.id_column, "outcome": schema.label.name, "left": left},
        definition={"column": schema.label.name, "left": left},
        **{"name": "Gym members", **fields},
    )


@lru_cache
def _described() -> tuple[SnapshotPlan, object]:
    table = make_members()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "members.csv"
        table.to_csv(path, index=False)
        inferred = infer_table(path, preview_table(path))
    plan = freeze(inferred, suggest(inferred))
    table["Joined on"] = range(len(table))
    for name, kind in plan.kinds.items():
        table[name] = table[name].replace("", None)
        if kind == "number":
            table[name] = table[name].astype(float)
    schema, _notes = choose_schema(
        table,
        name="own",
        id_column=plan.id_column,
        label=Category(plan.outcome.name, plan.label_values),
        kinds=plan.kinds,
    )
    return plan, schema
