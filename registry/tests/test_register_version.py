import dataclasses
import json
import os
from functools import partial

import pytest
from django.db import connection

from core.files.media import media_path
from core.files.owners import sweep
from core.tests.races import at_once
from registry.artefacts import path_of
from registry.engines.files import MANIFEST, MODEL
from registry.models import ModelVersion
from registry.selectors import telecom_base
from registry.services.deployments import deploy_version
from registry.services.opening import load_scorer
from registry.services.versions import DefaultExists, ScorersDisagree, register_version
from registry.tests.factories import NOON, ModelVersionFactory

LATER = NOON.replace(hour=20)


@pytest.fixture
def exported(exported_models):
    return exported_models["logistic_regression"]


@pytest.fixture
def model_type(model_types):
    return model_types["logistic_regression"]


@pytest.fixture
def register(exported, model_type, default_dataset_row):
    def register(company=None, **changes):
        return register_version(
            **{
                "company": company,
                "population": telecom_base(),
                "model_type": model_type,
                "exported": exported,
                "dataset": default_dataset_row,
                "at": NOON,
            }
            | changes
        )

    return register


def files_below(folder):
    return sorted(path.name for path in media_path(folder).rglob("*") if path.is_file())


def test_the_first_default_is_v1_and_serves_everybody(register):
    version = register()

    assert (version.version, version.number, version.is_default, version.company) == ("v1", 1, True, None)
    assert version.file_path == "models/default_models/logistic_regression.pkl"
    assert load_scorer(version, at=NOON).threshold == 0.5


def test_the_first_version_of_a_company_is_v2(register, company):
    register()

    version = register(company)

    assert (version.version, version.is_default) == ("v2", False)
    assert version.file_path == f"models/retrained_models/{company.pk}/logistic_regression_v2.pkl"


def test_v10_is_followed_by_v11(register, company, model_type):
    for number in (2, 9, 10):
        ModelVersionFactory(company=company, model_type=model_type, number=number)

    assert register(company).version == "v11"


def test_numbers_of_two_companies_do_not_meet(register, company, other_company):
    assert [register(owner).version for owner in (company, other_company, company)] == ["v2", "v2", "v3"]


def test_the_figures_are_those_of_the_metadata_with_the_churn_class_beside(register, exported):
    metrics = register().metrics

    weighted = exported.metadata["metrics"]
    assert metrics.accuracy == weighted["Accuracy"]
    assert metrics.auc_roc == weighted["AUC"]
    assert metrics.precision == weighted["Precision"]
    assert metrics.recall == weighted["Recall"] == pytest.approx(metrics.accuracy)
    assert metrics.f1_score == weighted["F1 Score"]
    assert {"churners", "roc", "precision_recall", "confusion", "calibration"} <= set(
        metrics.additional_metrics
    )


# --- Golden rows -----------------------------------------------------------------------------------------


def changed(exported, **changes):
    return dataclasses.replace(exported, manifest={**exported.manifest, **changes})


@pytest.mark.parametrize("shift", [2e-5, -2e-5, float("nan")])
def test_refuses_a_version_that_scores_a_golden_row_differently(register, exported, shift):
    golden = [dict(row) for row in exported.manifest["golden"]]
    golden[17]["probability"] += shift

    with pytest.raises((ScorersDisagree, ValueError)):
        register(exported=changed(exported, golden=golden))

    assert not ModelVersion.objects.exists()
    assert files_below("models") == []


def test_refuses_a_version_without_enough_golden_rows(register, exported):
    with pytest.raises(ScorersDisagree, match="50 golden rows"):
        register(exported=changed(exported, golden=exported.manifest["golden"][:49]))


def test_accepts_a_difference_in_the_sixth_place(register, exported):
    golden = [dict(row, probability=row["probability"] + 5e-6) for row in exported.manifest["golden"]]

    assert register(exported=changed(exported, golden=golden)).pk


# --- Files first, row after ------------------------------------------------------------------------------


def test_leaves_no_file_when_the_row_cannot_be_written(register, company, model_type):
    # The number is free, its name is not: somebody counts versions in another way.
    ModelVersionFactory(company=company, model_type=model_type, number=7, version="v8", files=False)

    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        register(company)

    assert files_below(f"models/retrained_models/{company.pk}") == []


def test_overwrites_what_a_killed_process_left_under_its_name(register):
    orphan = media_path("models/default_models/logistic_regression.pkl")
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"half a model")

    assert load_scorer(register(), at=NOON)


def test_the_sweep_removes_files_that_no_row_names(register, company, settings):
    kept = register()
    orphan = media_path(f"models/retrained_models/{company.pk}/neural_network_v9.pkl")
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"nobody knows me")
    fresh = orphan.with_name("neural_network_v10.pkl")
    fresh.write_bytes(b"my row is being written")
    for path in media_path("").rglob("*"):
        os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    os.utime(fresh, (LATER.timestamp() - 60, LATER.timestamp() - 60))

    removed = sweep(at=LATER)

    assert removed == [orphan.relative_to(settings.MEDIA_ROOT).as_posix()]
    assert fresh.exists()
    assert load_scorer(kept, at=NOON)
    assert media_path(kept.training_dataset.file_path).exists()


# --- A default that takes over ---------------------------------------------------------------------------


def test_a_new_default_takes_over_and_keeps_the_old_one_as_history(register, company):
    old = register()
    deploy_version(version=old, company=company, by=None, reason="It is better.", at=NOON)

    new = register(replaces=old, at=LATER)

    assert new.version == "v2"
    assert new.file_path == "models/default_models/logistic_regression_v2.pkl"
    assert list(ModelVersion.objects.defaults()) == [new]
    old.refresh_from_db()
    assert (old.is_default, old.state) == (False, "READY")
    assert load_scorer(old, at=NOON)
    assert [row.model for row in company.deployments.active()] == [new]
    assert company.deployments.get(model=old).deactivated_at == LATER


def test_refuses_a_default_trained_without_knowing_the_one_that_serves(register):
    register()

    with pytest.raises(DefaultExists, match="v1 serves"):
        register()

    assert ModelVersion.objects.count() == 1
    assert path_of(ModelVersion.objects.get(), MODEL).exists()


@pytest.mark.django_db(transaction=True)
def test_versions_registered_at_once_get_numbers_of_their_own(register, company):
    at_once(*[partial(register, company)] * 4)

    assert sorted(company.versions.values_list("number", flat=True)) == [2, 3, 4, 5]
    assert connection.vendor in ("sqlite", "mysql")
    for version in company.versions.all():
        assert json.loads(path_of(version, MANIFEST).read_bytes())["identity"]["version"] == version.version
