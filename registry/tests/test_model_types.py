import pytest

from companies.models import AuditEvent
from ml.model_types.catalogue import MODEL_TYPES
from registry.models import ModelType
from registry.services.model_types import ParametersRefused, add_missing_model_types, change_model_type
from registry.tests.factories import NOON

pytestmark = pytest.mark.django_db


def test_the_catalogue_has_the_five_defaults_and_the_support_vector_machine(model_types):
    assert {row.name for row in model_types.values()} >= {
        "Neural Network", "Random Forest", "Gradient Boosting", "Decision Tree", "Logistic Regression",
        "Support Vector Machine",
    }  # fmt: skip
    assert all(row.description for row in model_types.values())


def test_the_network_has_exactly_the_parameters_of_the_first_description(model_types):
    assert model_types["neural_network"].parameters == {
        "hidden_layer_sizes": [100, 50],
        "activation": "identity",
        "solver": "sgd",
        "alpha": 0.1,
        "max_iter": 200,
    }


def test_a_second_run_keeps_what_an_operator_changed(model_types, operator):
    tree = model_types["decision_tree"]
    changed = {**tree.parameters, "max_depth": 3}
    change_model_type(model_type=tree, description="Ours.", parameters=changed, by=operator, at=NOON)

    assert add_missing_model_types() == []

    tree.refresh_from_db()
    assert (tree.description, tree.parameters["max_depth"]) == ("Ours.", 3)
    assert ModelType.objects.count() == len(MODEL_TYPES)


def test_a_change_says_who_made_it_and_what_it_was_before(model_types, operator):
    tree = model_types["decision_tree"]

    change_model_type(model_type=tree, description="", parameters={"max_depth": 3}, by=operator, at=NOON)

    event = AuditEvent.objects.get(action="model-type-changed")
    assert event.actor == operator
    assert event.details["before"]["max_depth"] != event.details["after"]["max_depth"] == 3


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"max_depth": 99}, "max_depth must be a whole number from 1 to 20"),
        ({"max_depth": "deep"}, "max_depth must be a whole number"),
        ({"depth": 3}, "Decision Tree has no parameter depth"),
        ({"criterion": "luck"}, "criterion must be one of"),
        ([], "Write parameters as"),
    ],
)
def test_a_parameter_that_breaks_its_rule_is_refused(model_types, operator, parameters, sentence):
    tree = model_types["decision_tree"]
    before = tree.parameters

    with pytest.raises(ParametersRefused, match=sentence):
        change_model_type(model_type=tree, description="", parameters=parameters, by=operator, at=NOON)

    tree.refresh_from_db()
    assert tree.parameters == before
