from ml.matrix.schemas import Category, FeatureSchema, Number
from ml.matrix.telco import TELCO_V1
from registry.engines.tables import customers_table, stored_table, table_schema
from tabular.snapshots.plan import PlannedColumn, SnapshotPlan


def test_a_file_to_predict_needs_every_feature_and_no_label():
    schema = table_schema(TELCO_V1, purpose="predict")

    needed = {column.name for column in schema.columns if column.required}
    assert needed == {"customerID", *TELCO_V1.features}
    assert schema.the("label").name == "Churn"


def test_a_file_to_learn_from_needs_the_label():
    label = table_schema(TELCO_V1, purpose="train").the("label")

    assert (label.name, label.label_values) == ("Churn", ("No", "Yes"))


def test_a_blank_total_means_zero_for_new_customers():
    rule = table_schema(TELCO_V1, purpose="predict").column("TotalCharges").blank_means

    assert (rule.value, rule.when_column, rule.when_value) == (0.0, "tenure", 0.0)


def test_what_training_saw_is_usual_and_what_can_be_true_is_possible():
    tenure = table_schema(TELCO_V1, purpose="predict", observed={"tenure": (0, 72)}).column("tenure")

    assert (tenure.usual_minimum, tenure.usual_maximum) == (0, 72)
    assert tenure.maximum > 72
    assert tenure.integer


PLAN = SnapshotPlan(
    columns=(
        PlannedColumn("Kunde", "Kunde", "id", "id"),
        PlannedColumn("Umsatz", "Umsatz", "feature", "number", decimal=",", thousands="."),
        PlannedColumn("Beginn", "Beginn", "feature", "date", date_order="DMY"),
        PlannedColumn("Tarif", "Tarif", "feature", "category"),
        PlannedColumn("Post", "Post", "feature", "yes/no", values=("nein", "ja")),
        PlannedColumn("weg", "weg", "outcome", "yes/no", values=("nein", "ja")),
    ),
    left_value="ja",
    stayed_values=("nein",),
    reference="2024-05-31",
)
OWN = FeatureSchema(
    name="own",
    id_column="Kunde",
    categorical=(Category("Post", ("ja", "nein")),),
    numeric=(Number("Umsatz", 0, 1e6), Number("Beginn", 0, 1e5)),
    label=Category("weg", ("nein", "ja")),
)


def test_an_own_table_is_read_by_its_plan_and_asked_only_for_what_the_model_reads():
    table = customers_table(OWN, PLAN.to_dict(), purpose="predict", observed={"Umsatz": (5, 900)})

    assert [column.name for column in table.columns] == ["Kunde", "Umsatz", "Beginn", "Post", "weg"]
    spent, since, post = (table.column(name) for name in ("Umsatz", "Beginn", "Post"))
    assert (spent.decimal, spent.usual_minimum, spent.usual_maximum) == (",", 5, 900)
    assert (since.kind, since.date_order, table.reference.isoformat()) == ("age", "DMY", "2024-05-31")
    assert (post.categories, dict(post.spellings)["true"]) == (("ja", "nein"), "ja")
    assert not table.the("label").required


def test_what_was_combined_is_plain():
    table = stored_table(OWN, PLAN.to_dict())

    spent, since = table.column("Umsatz"), table.column("Beginn")
    assert (spent.decimal, spent.thousands) == (".", None)
    assert (since.kind, since.date_order) == ("number", None)
    assert table.the("label").label_values == ("nein", "ja")


def test_what_was_combined_has_ids_also_where_files_have_none():
    nameless = SnapshotPlan(PLAN.columns[1:], "ja", ("nein",))

    assert customers_table(OWN, nameless.to_dict(), purpose="train").the("id").generated
    assert not stored_table(OWN, nameless.to_dict()).the("id").generated


def test_without_a_plan_the_schema_says_how_files_are_written():
    assert customers_table(TELCO_V1, None, purpose="train") == table_schema(TELCO_V1, purpose="train")
    assert stored_table(TELCO_V1, None) == table_schema(TELCO_V1, purpose="train")
