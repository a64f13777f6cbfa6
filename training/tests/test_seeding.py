import io
import multiprocessing
import os
import subprocess
import sys
import time

import pandas as pd
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from core.files.media import media_path
from ml.samples.dataset_a import make_dataset_a
from registry.artefacts import path_of
from registry.engines.files import GRAPH, MANIFEST, METADATA, MODEL, SIGNATURE
from registry.models import Dataset, ModelType, ModelVersion
from registry.selectors import best_default, telecom_base
from registry.services.datasets import DatasetMissing
from registry.services.initialisation import check_existing_models
from registry.services.opening import load_scorer
from registry.services.states import quarantine_version
from registry.tests.factories import NOON
from training.services.learning import CannotLearn, TableRefused
from training.services.seeding import seed_defaults

QUICK = ["logistic_regression", "decision_tree"]


@pytest.fixture
def quick(settings, training_file):
    """Seed two types that are trained in a second, from a small file."""
    settings.DEFAULT_MODEL_TYPES = QUICK
    settings.DATASET_A = training_file


@pytest.fixture
def another_file(tmp_path):
    path = tmp_path / "our own customers.csv"
    make_dataset_a(rows=700, seed=1).to_csv(path, index=False)
    return path


def seed(**changes):
    lines = []
    registered = seed_defaults(**{"at": NOON, "report": lines.append} | changes)
    return registered, lines


# --- The first start, and every other --------------------------------------------------------------------


@pytest.mark.django_db
def test_trains_and_registers_what_is_missing(quick):
    registered, lines = seed()

    assert [str(version) for version in registered] == ["Logistic Regression v1", "Decision Tree v1"]
    assert all("AUC" in line for line in lines)
    for slug in QUICK:
        for suffix in (MODEL, METADATA, GRAPH, MANIFEST, SIGNATURE):
            assert media_path(f"models/default_models/{slug}{suffix}").is_file()
    assert ModelType.objects.filter(slug="support_vector_machine").exists()


@pytest.mark.django_db
def test_the_original_data_set_is_stored_once_under_its_name(quick, training_file):
    seed()

    original = Dataset.objects.get()
    assert (original.name, original.is_original, original.company) == ("DatasetA", True, None)
    assert original.file_path.endswith("/DatasetA.csv")
    assert media_path(original.file_path).read_bytes() == training_file.read_bytes()
    assert original.row_count == 900
    assert {version.training_dataset for version in ModelVersion.objects.all()} == {original}


@pytest.mark.django_db
def test_a_second_start_does_nothing_and_takes_well_under_a_second(quick):
    seed()
    started = time.perf_counter()

    registered, lines = seed()

    assert time.perf_counter() - started < 0.5
    assert registered == []
    assert lines == ["The 2 default models are ready."]


START_AGAIN = """
import sys, django
django.setup()
from django.core.management import call_command
call_command("seed_defaults")
print(sorted({"sklearn", "xgboost", "lightgbm", "onnx", "onnxruntime", "pandas"} & set(sys.modules)))
"""


@pytest.mark.any_database
@pytest.mark.django_db(transaction=True)
def test_a_second_start_imports_nothing_that_learns(quick, settings):
    seed()
    database = settings.DATABASES["default"]
    url = os.environ.get("DATABASE_URL", "sqlite:///x").rpartition("/")[0] + f"/{database['NAME']}"
    variables = {
        "DJANGO_SETTINGS_MODULE": "churnbuster.settings",
        "DATABASE_URL": url,
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "STATE_DIR": str(settings.STATE_DIR),
        "SECRET_KEY": settings.SECRET_KEY,
        "DEFAULT_MODEL_TYPES": ",".join(QUICK),
    }

    ran = subprocess.run(
        [sys.executable, "-c", START_AGAIN],
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
        env=os.environ | variables,
    )

    assert ran.stdout.splitlines() == ["The 2 default models are ready.", "[]"], ran.stderr


@pytest.mark.any_database
@pytest.mark.django_db
def test_two_installations_train_the_same_models(quick, settings, tmp_path):
    seed()
    first = {slug: load_scorer(version, at=NOON) for slug, version in _by_slug().items()}
    golden = {slug: scorer.golden for slug, scorer in first.items()}
    hashes = {slug: version.file_hashes[GRAPH] for slug, version in _by_slug().items()}
    ModelVersion.objects.all().delete()
    Dataset.objects.all().delete()
    settings.MEDIA_ROOT = tmp_path / "elsewhere"

    seed()

    assert {slug: load_scorer(version, at=NOON).golden for slug, version in _by_slug().items()} == golden
    assert {slug: version.file_hashes[GRAPH] for slug, version in _by_slug().items()} == hashes


def _by_slug():
    return {version.model_type.slug: version for version in ModelVersion.objects.defaults()}


@pytest.mark.django_db
def test_a_start_that_was_interrupted_goes_on_where_it_stopped(quick, settings):
    settings.DEFAULT_MODEL_TYPES = QUICK[:1]
    seed()
    settings.DEFAULT_MODEL_TYPES = QUICK

    registered, _ = seed()

    assert [str(version) for version in registered] == ["Decision Tree v1"]


@pytest.mark.django_db
def test_developers_who_joined_before_find_the_defaults(quick, company, developer):
    seed()

    assert check_existing_models(company=company)


@pytest.mark.slow
@pytest.mark.any_database
@pytest.mark.django_db
def test_what_is_shipped_suggests_the_type_that_is_retrained(settings):
    """The rule (highest accuracy of the defaults) finds the very type that the setting pins."""
    seed()

    found = best_default(telecom_base())
    assert found.model_type.slug == settings.RETRAIN_MODEL_TYPE == "neural_network"
    assert 0.80 <= found.metrics.accuracy <= 0.82
    assert 0.84 <= found.metrics.auc_roc <= 0.87
    assert len(_by_slug()) == 5


# --- Damage ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_damaged_default_is_trained_anew_as_the_next_version(quick):
    seed()
    broken = _by_slug()["decision_tree"]
    path_of(broken, GRAPH).write_bytes(b"")

    registered, _ = seed()

    assert [str(version) for version in registered] == ["Decision Tree v2"]
    assert load_scorer(_by_slug()["decision_tree"], at=NOON)
    broken.refresh_from_db()
    assert (broken.state, broken.is_default) == (ModelVersion.State.DAMAGED, False)


@pytest.mark.django_db
def test_a_default_in_quarantine_is_left_alone(quick, operator):
    seed()
    quarantine_version(version=_by_slug()["decision_tree"], reason="Checking.", by=operator, at=NOON)

    assert seed()[0] == []


@pytest.mark.any_database
@pytest.mark.django_db
def test_a_changed_original_is_not_learned_from(quick):
    seed()
    media_path(Dataset.objects.get().file_path).write_text("customerID\n1\n")
    path_of(_by_slug()["decision_tree"], GRAPH).unlink()

    with pytest.raises(Exception, match="Give it again with --dataset"):
        seed()


# --- A file of one's own ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_another_file_becomes_the_original_and_takes_over(quick, another_file, company, developer):
    seed()

    registered, _ = seed(dataset_path=another_file)

    assert [str(version) for version in registered] == ["Logistic Regression v2", "Decision Tree v2"]
    original = Dataset.objects.get(original_slot="default")
    assert (original.original_filename, original.row_count) == ("our own customers.csv", 700)
    assert ModelVersion.objects.count() == 4
    assert {row.model.number for row in company.deployments.active()} == {2}
    # A later start goes on with this original, although DatasetA.csv is still there.
    assert seed()[0] == []


@pytest.mark.django_db
def test_the_same_file_again_changes_nothing(quick, another_file):
    seed(dataset_path=another_file)

    registered, lines = seed(dataset_path=another_file)

    assert registered == []
    assert "trained on this file" in lines[0]


@pytest.mark.any_database
@pytest.mark.django_db
def test_a_blank_total_of_a_new_customer_is_understood(quick, tmp_path):
    table = make_dataset_a(rows=700)
    table.loc[:4, ["tenure", "TotalCharges"]] = ["0", " "]
    path = tmp_path / "new customers.csv"
    table.to_csv(path, index=False)

    seed(dataset_path=path)

    assert Dataset.objects.get().row_count == 700


@pytest.mark.any_database
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty"),
        ("customerID,tenure\n1,2\n", "missing"),
    ],
)
def test_a_file_that_is_no_training_table_is_refused_with_a_sentence(quick, tmp_path, text, sentence):
    path = tmp_path / "wrong.csv"
    path.write_text(text)

    with pytest.raises(TableRefused, match=f"(?i){sentence}"):
        seed(dataset_path=path)

    assert not Dataset.objects.exists()
    assert not ModelVersion.objects.exists()


@pytest.mark.django_db
def test_a_file_with_too_few_of_one_outcome_replaces_nothing(quick, tmp_path):
    seed()
    path = tmp_path / "few.csv"
    table = make_dataset_a(rows=700)
    leavers, stayers = table[table["Churn"] == "Yes"], table[table["Churn"] == "No"]
    pd.concat([leavers[:20], stayers]).to_csv(path, index=False)

    with pytest.raises((CannotLearn, TableRefused)):
        seed(dataset_path=path)

    assert Dataset.objects.get().name == "DatasetA"
    assert seed()[0] == []


@pytest.mark.any_database
@pytest.mark.django_db
def test_a_file_that_is_not_there_is_named(quick, tmp_path):
    with pytest.raises(DatasetMissing, match=r"missing\.csv"):
        seed(dataset_path=tmp_path / "missing.csv")


@pytest.mark.any_database
@pytest.mark.django_db
def test_real_customers_can_be_learned_from(quick, telco):
    seed(dataset_path=telco)

    metrics = _by_slug()["logistic_regression"].metrics
    assert 0.82 <= metrics.auc_roc <= 0.87
    assert Dataset.objects.get().row_count == 7_043


# --- Two at once -----------------------------------------------------------------------------------------


def _seed_in_process(queue, settings_values):
    from django.conf import settings

    for name, value in settings_values.items():
        setattr(settings, name, value)
    connections.close_all()
    queue.put([str(version) for version in seed()[0]])


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_start_at_once_register_each_default_once(quick, settings):
    connections.close_all()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    names = ("DEFAULT_MODEL_TYPES", "DATASET_A", "MEDIA_ROOT", "STATE_DIR")
    values = {name: getattr(settings, name) for name in names}
    processes = [context.Process(target=_seed_in_process, args=(queue, values)) for _ in range(2)]
    for process in processes:
        process.start()
    registered = [queue.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()

    assert sorted(registered, key=len) == [[], ["Logistic Regression v1", "Decision Tree v1"]]
    assert ModelVersion.objects.count() == 2


# --- Commands --------------------------------------------------------------------------------------------


@pytest.mark.any_database
@pytest.mark.django_db
def test_the_command_seeds_and_says_so(quick):
    output = io.StringIO()

    call_command("seed_defaults", stdout=output)

    assert "Decision Tree v1: accuracy 0." in output.getvalue()


@pytest.mark.any_database
@pytest.mark.django_db
def test_the_command_shows_a_refusal(quick, tmp_path):
    with pytest.raises(CommandError, match="There is no file"):
        call_command("seed_defaults", dataset=tmp_path / "missing.csv")
