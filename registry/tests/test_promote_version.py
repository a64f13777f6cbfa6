"""An operator makes a version the default of its type."""

import pytest
from django.urls import reverse

from companies.models import AuditEvent
from companies.services.conditions import ReasonMissing
from registry.models import DeploymentEvent, ModelVersion
from registry.selectors import lineage_of, telecom_base
from registry.services.initialisation import check_existing_models, initialize_developer_environment
from registry.services.opening import load_manifest, load_scorer
from registry.services.promotion import (
    AlreadyDefault,
    MayNotPromote,
    promote_version,
)
from registry.services.states import VersionNotServing, quarantine_version
from registry.services.versions import register_version
from registry.tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def own(company, default_versions, exported_models, default_dataset_row):
    """Return a tree of a company, with its files."""
    return register_version(
        company=company,
        population=telecom_base(),
        model_type=default_versions["decision_tree"].model_type,
        exported=exported_models["decision_tree"],
        dataset=default_dataset_row,
        at=NOON,
    )


@pytest.fixture
def promote(own, operator):
    def promote(**changes):
        fields = {"version": own, "by": operator, "reason": "It is better for everybody.", "at": NOON}
        return promote_version(**fields | changes)

    return promote


def test_the_new_default_scores_as_the_version_and_takes_over(promote, own, default_versions, other_company):
    default = promote()

    golden = load_manifest(own, at=NOON)["golden"][0]
    assert load_scorer(default, at=NOON).score_record(golden["record"]) == pytest.approx(
        golden["probability"], abs=1e-5
    )
    assert (default.version, default.company, default.is_default) == ("v2", None, True)
    assert not ModelVersion.objects.get(pk=default_versions["decision_tree"].pk).is_default
    assert default.metrics.accuracy == own.metrics.accuracy
    own.refresh_from_db()
    assert (own.version, own.is_default) == ("v2", False)


def test_nothing_tells_the_others_whose_it_was(promote, own):
    default = promote()

    manifest = load_manifest(default, at=NOON)
    assert manifest["identity"]["company"] is None
    assert (manifest["lineage"], lineage_of(default.training_dataset)) == ([], [])
    assert own.company.name not in str(manifest)
    event = AuditEvent.objects.get(action="version-promoted")
    assert (event.company, event.details["reason"]) == (own.company, "It is better for everybody.")


def test_whom_the_default_served_is_served_by_the_new_one(promote, stranger):
    company = stranger.developer.company
    initialize_developer_environment(developer=stranger.developer, at=NOON)

    default = promote()

    assert company.deployments.active().filter(model=default).exists()
    assert check_existing_models(company=company)
    assert company.deployment_events.first().action == DeploymentEvent.Action.DEPLOYED


def test_a_type_without_a_default_gets_one_for_everybody(
    promote, own, model_types, exported_models, developer, stranger
):
    initialize_developer_environment(developer=stranger.developer, at=NOON)
    machine = register_version(
        company=own.company,
        population=telecom_base(),
        model_type=model_types["support_vector_machine"],
        exported=exported_models["decision_tree"],
        dataset=None,
        at=NOON,
    )

    default = promote(version=machine)

    assert (str(default), default.is_default) == ("Support Vector Machine v1", True)
    assert check_existing_models(company=stranger.developer.company)
    assert check_existing_models(company=own.company)


def test_a_default_that_was_replaced_can_return(promote, default_versions):
    promote()
    first = ModelVersion.objects.get(pk=default_versions["decision_tree"].pk)

    again = promote(version=first)

    assert again.version == "v3"
    assert again.training_dataset == first.training_dataset


def test_refuses_others_than_operators(promote, developer):
    with pytest.raises(MayNotPromote):
        promote(by=developer)


def test_refuses_without_a_reason(promote):
    with pytest.raises(ReasonMissing):
        promote(reason=" ")


def test_refuses_what_is_a_default_or_out_of_service(promote, own, operator, default_versions):
    with pytest.raises(AlreadyDefault):
        promote(version=default_versions["decision_tree"])
    quarantine_version(version=own, reason="Wrong.", by=operator, at=NOON)
    with pytest.raises(VersionNotServing):
        promote()
    assert ModelVersion.objects.defaults().count() == 5


def test_the_operator_promotes_in_the_admin(own, as_operator, as_developer):
    data = {"action": "promote", "_selected_action": [own.pk]}
    changes = reverse("admin:registry_modelversion_changelist")

    asked = as_operator.post(changes, data).content.decode()
    answer = as_operator.post(changes, data | {"confirmed": "yes", "reason": "Better."}, follow=True)

    assert "becomes the default of its type for every company" in asked
    assert "is the default of its type" in answer.content.decode()
    assert as_developer.get(f"/dev/models/{_default().pk}/").status_code == 200


def _default():
    return ModelVersion.objects.defaults().get(model_type__slug="decision_tree")
