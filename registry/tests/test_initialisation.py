"""What a new developer finds, under the function names of the project's first description."""

import pytest

from companies.models import Developer
from companies.services.approval import approve_person
from companies.tests.factories import DeveloperFactory
from core.events import tell_due
from core.files.media import media_path
from core.files.owners import erase_files
from registry.models import Dataset
from registry.selectors import telecom_base
from registry.services.deployments import deploy_version, roll_back
from registry.services.initialisation import (
    check_existing_models,
    get_model_metrics,
    initialize_developer_environment,
    initialize_waiting_companies,
    load_model_metadata,
    set_up_developer,
)
from registry.tests.factories import NOON

pytestmark = pytest.mark.django_db


def test_a_new_developer_finds_the_five_defaults_at_work(default_versions, developer):
    row = developer.developer

    initialize_developer_environment(developer=row, at=NOON)

    deployed = row.company.deployments.active()
    assert {deployment.model for deployment in deployed} == set(default_versions.values())
    assert {deployment.deployed_by for deployment in deployed} == {row}
    assert {deployment.who for deployment in deployed} == {"the installation"}
    assert {event.who for event in row.company.deployment_events.all()} == {"the installation"}
    assert check_existing_models(company=row.company)


def test_a_new_developer_finds_the_original_data_set_stored_once(
    default_versions, developer, default_dataset_row
):
    initialize_developer_environment(developer=developer.developer, at=NOON)

    mine = developer.developer.company.datasets.get()
    assert mine.is_original
    assert mine.parent_dataset == default_dataset_row
    assert (mine.file_path, mine.sha256) == (default_dataset_row.file_path, default_dataset_row.sha256)
    assert mine.original_filename == "DatasetA.csv"


def test_a_second_run_changes_nothing(default_versions, developer):
    for _ in range(2):
        initialize_developer_environment(developer=developer.developer, at=NOON)

    company = developer.developer.company
    assert company.deployments.count() == 5
    assert company.datasets.count() == 1


def test_a_default_that_was_rolled_back_does_not_return(default_versions, developer):
    company = developer.developer.company
    initialize_developer_environment(developer=developer.developer, at=NOON)
    tree = default_versions["decision_tree"]
    deploy_version(version=tree, company=company, by=None, reason="Easy to explain.", at=NOON)
    roll_back(company=company, population=telecom_base(), by=None, reason="It is worse.", at=NOON)

    initialize_developer_environment(developer=developer.developer, at=NOON)

    assert company.deployments.active().count() == 4


def test_every_directory_is_there(developer):
    initialize_developer_environment(developer=developer.developer, at=NOON)

    for directory in (
        "datasets/dev/uploadToRetrain", "datasets/dev/combinedDataset", "datasets/dev/uploadToPredict",
        "datasets/dev/predictionResult", "datasets/user/uploadToPredict", "datasets/user/predictionResult",
        "models/default_models", "models/retrained_models",
    ):  # fmt: skip
        assert media_path(directory).is_dir()


def test_metadata_and_table_tell_the_same_figures(default_versions, developer):
    initialize_developer_environment(developer=developer.developer, at=NOON)

    told = get_model_metrics(company=developer.developer.company)

    for version in default_versions.values():
        assert told[str(version)] == load_model_metadata(version=version, at=NOON)["metrics"]


def test_a_developer_who_joins_before_the_defaults_is_set_up_afterwards(developer, request):
    initialize_developer_environment(developer=developer.developer, at=NOON)
    assert not developer.developer.company.deployments.exists()

    request.getfixturevalue("default_versions")

    assert initialize_waiting_companies(at=NOON) == 1
    assert check_existing_models(company=developer.developer.company)


def test_approval_sets_a_developer_up(default_versions, company, django_capture_on_commit_callbacks):
    row = DeveloperFactory(company=company, waiting=True)

    with django_capture_on_commit_callbacks(execute=True):
        approve_person(row=row, by=None, at=NOON)

    assert check_existing_models(company=company)
    assert Dataset.objects.filter(company=company, is_original=True).count() == 1


def test_who_was_approved_by_a_process_that_died_is_set_up_by_the_clock(default_versions, company):
    row = DeveloperFactory(company=company, waiting=True)
    approve_person(row=row, by=None, at=NOON)
    assert not check_existing_models(company=company)

    tell_due(at=NOON)

    assert check_existing_models(company=company)
    assert {line.at for line in company.deployment_events.all()} == {NOON}


def test_who_is_no_developer_any_more_when_it_is_told_is_not_set_up(default_versions, developer):
    row = developer.developer
    company, row.company = row.company, None
    row.save()

    set_up_developer(developer_id=row.pk, at=NOON)

    assert not company.deployments.exists()


def test_an_approval_stands_when_there_is_nothing_to_set_up_yet(company, django_capture_on_commit_callbacks):
    row = DeveloperFactory(company=company, waiting=True)

    with django_capture_on_commit_callbacks(execute=True):
        approve_person(row=row, by=None, at=NOON)

    assert Developer.objects.get().approved_at == NOON


def test_the_files_of_an_erased_company_go_and_those_of_others_stay(company, other_company):
    folders = [media_path(f"models/retrained_models/{owner.pk}") for owner in (company, other_company)]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "neural_network_v2.pkl").write_bytes(b"model")
    keys = {"id": company.pk, "uuid": company.uuid}
    company.delete()

    erase_files(**keys)

    assert [folder.exists() for folder in folders] == [False, True]
