"""Trained models for tests of every app: trained once per test run, registered anew where a test asks for
them.

Ask for `default_versions` (the five, with their files in the test's own media folder), or for
`exported_models` where no database is needed.
"""

from dataclasses import replace

import pytest

from registry.selectors import telecom_base
from registry.tests.factories import NOON

DEFAULT_SLUGS = (
    "neural_network",
    "random_forest",
    "gradient_boosting",
    "decision_tree",
    "logistic_regression",
)
# Enough for honest models, and trained in a fraction of the time.
ROWS = 900


@pytest.fixture(scope="session")
def training_file(tmp_path_factory):
    """Return a small DatasetA as a file."""
    from ml.samples.dataset_a import dataset_a_csv, make_dataset_a

    path = tmp_path_factory.mktemp("training") / "DatasetA.csv"
    path.write_bytes(dataset_a_csv(make_dataset_a(rows=ROWS)))
    return path


@pytest.fixture(scope="session")
def exported_models(training_file, made_once):
    """Return an ExportedModel by slug: the five defaults, trained once for all processes of this run."""
    return made_once("exported_models", lambda: _train(training_file))


def _train(path):
    from ml.matrix.telco import TELCO_SLICES, TELCO_V1
    from training.services.learning import learn_and_export, read_table

    frame = read_table(path, schema=TELCO_V1).frame
    options = {"params": {}, "schema": TELCO_V1, "slices": TELCO_SLICES}
    return {slug: learn_and_export(frame, model_type=slug, **options)[0] for slug in DEFAULT_SLUGS}


@pytest.fixture
def model_types(db):
    """Return the rows of all six model types by slug."""
    from registry.models import ModelType
    from registry.services.model_types import add_missing_model_types

    add_missing_model_types()
    return {row.slug: row for row in ModelType.objects.all()}


@pytest.fixture(scope="session")
def checked_training_file(training_file, made_once):
    """Return that file and what was found in it."""
    from ml.matrix.telco import TELCO_V1
    from training.services.learning import read_table

    found = made_once("training_file", lambda: read_table(training_file, schema=TELCO_V1).checked)
    return replace(found, path=training_file)


@pytest.fixture
def default_dataset_row(db, checked_training_file):
    """Return the original data set of the installation, with its file."""
    from registry.services.datasets import register_default_dataset

    return register_default_dataset(checked=checked_training_file, at=NOON)


@pytest.fixture
def default_versions(model_types, default_dataset_row, exported_models):
    """Return the five defaults by slug: READY, with their files in the media folder of this test."""
    from registry.services.opening import forget_loaded
    from registry.services.versions import register_version

    forget_loaded()
    return {
        slug: register_version(
            company=None,
            population=telecom_base(),
            model_type=model_types[slug],
            exported=exported,
            dataset=default_dataset_row,
            at=NOON,
        )
        for slug, exported in exported_models.items()
    }
