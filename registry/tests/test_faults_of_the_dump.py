"""What the tables of the first product let through, and these do not: on SQLite and on MariaDB."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from companies.models import Company
from companies.tests.factories import CompanyFactory
from registry.models import Dataset, ModelDeployment, ModelMetrics, ModelVersion
from registry.services.deployments import AlreadyDeployed, ForeignVersion, deploy_version, withdraw_version
from registry.tests.factories import (
    NOON,
    DatasetFactory,
    ModelDeploymentFactory,
    ModelMetricsFactory,
    ModelTypeFactory,
    ModelVersionFactory,
)
from registry.tests.landed import version_of

pytestmark = pytest.mark.django_db


def refused_by_database():
    return pytest.raises(DatabaseError)


# --- 1. A default is registered once ---------------------------------------------------------------------


def test_a_default_cannot_be_registered_twice_under_one_version():
    ModelVersionFactory(default=True)

    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersionFactory(default=True)


def test_a_type_has_one_default_whatever_its_number():
    ModelVersionFactory(default=True)

    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersionFactory(default=True, number=2)


def test_a_version_without_company_cannot_do_without_its_slot():
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersionFactory(default=True, default_slot=None)


def test_a_version_of_a_company_cannot_be_registered_twice(company):
    ModelVersionFactory(company=company, number=2)

    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersionFactory(company=company, number=2)


# --- 2. v10 comes after v9 -------------------------------------------------------------------------------


def test_the_latest_version_is_the_one_with_the_highest_number(company):
    for number in (2, 9, 10):
        ModelVersionFactory(company=company, number=number)

    latest = company.versions.order_by("-number").first()

    assert latest.version == "v10"


# --- 3. A company with a lineage of data sets can be erased ----------------------------------------------


def test_a_company_goes_with_its_chain_of_data_sets_versions_and_deployments(company):
    shared = DatasetFactory(is_original=True, original_slot="default")
    original = DatasetFactory(company=company, is_original=True, parent_dataset=shared)
    upload = DatasetFactory(company=company, is_uploaded=True)
    combined = DatasetFactory(company=company, is_combined=True, parent_dataset=original)
    DatasetFactory(company=company, is_combined=True, parent_dataset=combined)
    version = ModelVersionFactory(company=company, training_dataset=combined)
    ModelMetricsFactory(model=version)
    ModelDeploymentFactory(model=version)
    default = ModelVersionFactory(default=True, training_dataset=shared)
    ModelDeploymentFactory(model=default, company=company)
    assert upload.pk

    company.delete()

    assert list(Dataset.objects.all()) == [shared]
    assert list(ModelVersion.objects.all()) == [default]
    assert not ModelDeployment.objects.exists()
    assert not ModelMetrics.objects.exists()


# --- 4. A version serves its own company, once -----------------------------------------------------------


def test_the_database_refuses_to_deploy_a_version_to_another_company(other_company):
    version = ModelVersionFactory()

    with refused_by_database(), transaction.atomic():
        ModelDeploymentFactory(model=version, company=other_company)

    assert not ModelDeployment.objects.exists()


def test_the_database_refuses_to_hand_a_deployment_to_another_company(other_company):
    deployment = ModelDeploymentFactory()

    with refused_by_database(), transaction.atomic():
        ModelDeployment.objects.filter(pk=deployment.pk).update(company=other_company)


def test_the_database_refuses_to_hand_a_deployed_version_to_another_company(other_company):
    deployment = ModelDeploymentFactory()

    with refused_by_database(), transaction.atomic():
        ModelVersion.objects.filter(pk=deployment.model_id).update(company=other_company)


def test_the_service_says_of_a_foreign_version_that_it_does_not_exist(company, other_company):
    foreign = ModelVersionFactory(company=other_company)

    with pytest.raises(ForeignVersion, match="no such model version"):
        deploy_version(version=foreign, company=company, by=None, reason="It is better.", at=NOON)


def test_a_default_may_serve_every_company(company, other_company):
    default = ModelVersionFactory(default=True)

    for each in (company, other_company):
        deploy_version(version=default, company=each, by=None, reason="It is better.", at=NOON)

    assert set(default.deployments.active().values_list("company", flat=True)) == {
        company.pk,
        other_company.pk,
    }


def test_a_version_is_active_once_in_a_company():
    deployment = ModelDeploymentFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        ModelDeploymentFactory(model=deployment.model)


@pytest.mark.parametrize(
    ("is_active", "active_slot"), [(True, None), (False, True), (None, True), (True, False), (False, False)]
)
def test_an_active_deployment_cannot_hide_from_that_rule(is_active, active_slot):
    version = ModelVersionFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        ModelDeploymentFactory(model=version, is_active=is_active, active_slot=active_slot)


def test_the_service_says_that_a_version_serves_already(company):
    version = ModelVersionFactory(company=company)
    deploy_version(version=version, company=company, by=None, reason="It is better.", at=NOON)

    with pytest.raises(AlreadyDeployed, match="already serves"):
        deploy_version(version=version, company=company, by=None, reason="It is better.", at=NOON)


def test_a_withdrawn_version_may_serve_again(company):
    version = ModelVersionFactory(company=company)
    for _ in range(2):
        deploy_version(version=version, company=company, by=None, reason="It is better.", at=NOON)
        withdraw_version(version=version, company=company, by=None, reason="It is worse.", at=NOON)

    assert list(company.deployments.values_list("is_active", "deactivated_at")) == [(False, NOON)] * 2


@pytest.mark.django_db(transaction=True)
def test_the_guards_can_be_taken_off_and_put_back():
    executor = MigrationExecutor(connection)
    executor.migrate([("registry", "0001_initial")])
    other = Company.objects.create(name="Other", email="other@example.com")
    # The rows of that time had fewer columns than the classes of today.
    earlier = executor.loader.project_state([("registry", "0001_initial")]).apps
    version = version_of(earlier, CompanyFactory(), 2)
    earlier.get_model("registry", "ModelDeployment").objects.create(
        model_id=version.pk, company_id=other.pk, is_active=True, active_slot=True
    ).delete()

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())

    with refused_by_database(), transaction.atomic():
        ModelDeploymentFactory(model=ModelVersion.objects.get(), company=other)


# --- A type is there once --------------------------------------------------------------------------------


def test_a_model_type_is_there_once():
    ModelTypeFactory(slug="neural_network", name="Neural Network")

    with pytest.raises(IntegrityError), transaction.atomic():
        ModelTypeFactory(slug="another", name="Neural Network")
