"""What a file must look like so that a model can read it."""

from collections.abc import Mapping
from typing import Literal

from ml.matrix.schemas import FeatureSchema
from tabular.snapshots.plan import SnapshotPlan
from tabular.values.customer_words import yes_no_spellings
from tabular.values.schema import BlankRule, Column, TableSchema


def customers_table(
    schema: FeatureSchema,
    reading: dict | None,
    *,
    purpose: Literal["predict", "train"],
    observed: Mapping[str, tuple[float, float]] | None = None,
) -> TableSchema:
    """Return how the files of a customer base are checked and read.

    Parameters
    ----------
    reading
        `SnapshotPlan.to_dict` of a company's own table; None where files are written as `schema` says.
    purpose, observed
        As for `table_schema`.
    """
    if not reading:
        return table_schema(schema, purpose=purpose, observed=observed)
    return own_table_schema(schema, SnapshotPlan.from_dict(reading), purpose=purpose, observed=observed)


def stored_table(schema: FeatureSchema, reading: dict | None) -> TableSchema:
    """Return how the tables that were combined from the files of a customer base are read."""
    plan = SnapshotPlan.from_dict(reading).as_stored().to_dict() if reading else None
    return customers_table(schema, plan, purpose="train")


def table_schema(
    schema: FeatureSchema,
    *,
    purpose: Literal["predict", "train"],
    observed: Mapping[str, tuple[float, float]] | None = None,
) -> TableSchema:
    """Return the table that holds the features of `schema`.

    Parameters
    ----------
    purpose
        To learn from a file it must hold the label. To predict from it, nobody needs one; where there is one
        that can be read, it tells afterwards how right the prediction was.
    observed
        Lowest and highest value of each number in the training data; what lies outside is counted, not
        refused.
    """
    observed = observed or {}
    blanks = {
        rule.column: BlankRule(value=rule.value, when_column=rule.when_column, when_value=rule.when_value)
        for rule in schema.blanks
    }
    columns = [
        Column(schema.id_column, "id"),
        *(_category(column) for column in schema.categorical),
        *(_number(column, blanks.get(column.name), observed.get(column.name)) for column in schema.numeric),
    ]
    needed = purpose == "train"
    columns.append(Column(schema.label.name, "label", required=needed, categories=schema.label.values))
    return TableSchema(schema.name, tuple(columns), missing_words=True, finds_twins=needed)


def _category(column):
    return Column(
        column.name, "category", categories=column.values, spellings=yes_no_spellings(column.values)
    )


def _number(column, blank, observed):
    low, high = observed or (None, None)
    return Column(
        column.name,
        "number",
        minimum=column.minimum,
        maximum=column.maximum,
        integer=column.integer,
        blank_means=blank,
        usual_minimum=low,
        usual_maximum=high,
    )


def own_table_schema(
    schema: FeatureSchema,
    plan: SnapshotPlan,
    *,
    purpose: Literal["predict", "train"],
    observed: Mapping[str, tuple[float, float]] | None = None,
) -> TableSchema:
    """Return the table of a company's own customers that holds the features of `schema`.

    Parameters
    ----------
    plan
        How the tables of this customer base are written: dates, decimal signs, spellings, ids.
    purpose, observed
        As for `table_schema`.
    """
    observed = observed or {}
    usual = {column.name: observed.get(column.name) for column in schema.numeric}
    values = {column.name: column.values for column in schema.categorical}
    return plan.table_schema(name=schema.name, purpose=purpose, values=values, usual=usual)
