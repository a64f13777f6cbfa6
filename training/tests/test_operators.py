"""What operators order in the admin: a retraining for a company, and versions trained once more."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from companies.models import AuditEvent
from companies.services.conditions import OperatorsOnly
from companies.tests.factories import DeveloperFactory
from core.errors import DomainError
from jobs.models import Job
from registry.models import ModelVersion
from registry.selectors import telecom_base
from registry.services.promotion import promote_version
from registry.services.versions import register_version
from registry.tests.factories import NOON, ModelVersionFactory
from training.models import TrainingRun
from training.services.operating import order_rebuild, retrain_for
from training.services.seeding import seed_defaults
from training.tests.own import gym
from training.tests.uploads import to_csv

pytestmark = pytest.mark.django_db

VERSIONS = "admin:registry_modelversion_changelist"


@pytest.fixture
def act(as_operator):
    def act(action, version, **answers):
        data = {"action": action, "_selected_action": [version.pk], **answers}
        page = as_operator.post(reverse(VERSIONS), data, follow=True)
        return " ".join(page.content.decode().split())

    return act


@pytest.fixture
def default(retraining, settings):
    return ModelVersion.objects.defaults().get(model_type__slug=settings.RETRAIN_MODEL_TYPE)


def test_an_operator_retrains_for_a_company(default, act, company, developer, operator, labelled):
    file = SimpleUploadedFile("spring.csv", to_csv(labelled()))

    asked = act("retrain", default)
    page = act(
        "retrain", default, confirmed="yes", company=company.pk, file=file, reason="They cannot find it."
    )

    assert 'type="file"' in asked
    assert "is being retrained" in page
    run = TrainingRun.objects.get()
    assert (run.company, run.developer.account) == (company, developer)
    assert run.reason == f"They cannot find it. (ordered by {operator.name} ({operator.email}))"
    assert AuditEvent.objects.get(action="retraining-ordered").actor == operator


def test_a_bad_file_is_refused_with_the_sentence_of_the_page(default, act, company, developer):
    file = SimpleUploadedFile("spring.csv", b"customerID,tenure,Churn\n1,2,Yes\n")

    page = act("retrain", default, confirmed="yes", company=company.pk, file=file, reason="Spring.")

    assert "missing" in page
    assert not TrainingRun.objects.exists()


def test_a_default_is_retrained_for_nobody_in_particular_never(default, act, labelled):
    file = SimpleUploadedFile("spring.csv", to_csv(labelled()))

    page = act("retrain", default, confirmed="yes", file=file, reason="Spring.")

    assert "Say for which company" in page


def test_an_own_version_is_retrained_with_its_customers_and_its_type(first_trained, act, company, operator):
    version = first_trained(gym(), model_type="decision_tree").version
    file = SimpleUploadedFile("march.csv", to_csv(gym(200, seed=5, prefix="N")))

    page = act("retrain", version, confirmed="yes", file=file, reason="They cannot find it.")

    assert "is being retrained" in page
    run = TrainingRun.objects.latest("pk")
    assert (run.company, run.population, run.model_type) == (
        company, version.population, version.model_type,
    )  # fmt: skip
    assert run.input_data["accepted"] == 200


def test_customers_of_one_company_are_retrained_for_no_other(first_trained, act, other_company):
    version = first_trained(gym()).version
    DeveloperFactory(company=other_company)
    file = SimpleUploadedFile("march.csv", to_csv(gym(200, seed=5, prefix="N")))

    page = act("retrain", version, confirmed="yes", company=other_company.pk, file=file, reason="Spring.")

    assert "has no such customer base" in page
    assert TrainingRun.objects.count() == 1


def test_the_defaults_are_retrained_as_one_type_alone(
    default, act, company, developer, labelled, model_types
):
    ModelVersion.objects.filter(pk=default.pk).update(model_type=model_types["decision_tree"])
    file = SimpleUploadedFile("spring.csv", to_csv(labelled()))

    page = act("retrain", default, confirmed="yes", company=company.pk, file=file, reason="Spring.")

    assert "is retrained as logistic_regression alone, not as decision_tree" in page
    assert not TrainingRun.objects.exists()


def test_one_version_is_retrained_at_a_time(default, as_operator):
    second = ModelVersionFactory()
    data = {"action": "retrain", "_selected_action": [default.pk, second.pk]}

    page = as_operator.post(reverse(VERSIONS), data, follow=True)

    assert "Choose one version" in page.content.decode()


def test_a_company_without_a_developer_is_not_retrained_for(default, other_company, operator, labelled):
    with pytest.raises(DomainError, match="has no approved developer"):
        retrain_for(
            version=default,
            company=other_company,
            upload=SimpleUploadedFile("spring.csv", to_csv(labelled())),
            reason="Spring.",
            by=operator,
            at=NOON,
        )


def test_a_rebuild_is_a_job_that_tells_what_came_of_it(default_versions, act, do_jobs, taken):
    tree = default_versions["decision_tree"]

    page = act("rebuild", tree, confirmed="yes", reason="An auditor asked.")
    job = Job.objects.get()
    do_jobs()

    assert "is being rebuilt" in page
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED
    assert taken == [step for step, _ in job.plan]
    event = AuditEvent.objects.get(action="version-rebuilt")
    assert event.details["largest_difference"] <= 1e-9
    assert event.details["reason"] == "An auditor asked."


def test_a_version_that_cannot_be_rebuilt_fails_its_job_with_a_sentence(default_versions, act, do_jobs):
    tree = default_versions["decision_tree"]
    ModelVersion.objects.filter(pk=tree.pk).update(training_dataset=None)

    act("rebuild", tree, confirmed="yes", reason="An auditor asked.")
    do_jobs()

    job = Job.objects.get()
    assert job.state == Job.State.FAILED
    assert "has no recorded data set" in job.error["message"]


def test_a_version_that_learned_from_a_log_is_trained_again_instead(default_versions, operator):
    tree = default_versions["decision_tree"]
    tree.training_dataset.dataset_type = "features"

    with pytest.raises(DomainError, match="Train on them again instead"):
        order_rebuild(version=tree, reason="So.", by=operator, at=NOON)


def test_others_than_operators_order_nothing(default_versions, developer):
    with pytest.raises(OperatorsOnly):
        order_rebuild(version=default_versions["decision_tree"], reason="So.", by=developer, at=NOON)


def test_seeding_leaves_alone_what_an_operator_promoted(
    default_versions, exported_models, company, operator, settings
):
    settings.DEFAULT_MODEL_TYPES = list(default_versions)
    tree = default_versions["decision_tree"]
    own = register_version(
        company=company,
        population=telecom_base(),
        model_type=tree.model_type,
        exported=exported_models["decision_tree"],
        dataset=None,
        at=NOON,
    )
    promoted = promote_version(version=own, by=operator, reason="It is better.", at=NOON)

    assert seed_defaults(at=NOON, report=lambda line: None) == []
    assert ModelVersion.objects.defaults().get(model_type=tree.model_type) == promoted
