from ml.matrix.schemas import TELCO_V1
from registry.engines.tables import table_schema


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
