"""Pipelines that were fitted elsewhere and saved with skops: converted, compared, and never trusted."""

import io
import os
import pickle
import zipfile
from warnings import catch_warnings, simplefilter

import joblib
import pandas as pd
import pytest
from django.core.management import CommandError, call_command
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from skops.io import dump

from companies.models import AuditEvent
from companies.services.conditions import OperatorsOnly
from core.files.media import media_path
from intake.services.waiting import waiting_room
from ml.matrix.telco import TELCO_V1
from ml.samples.dataset_a import make_dataset_a
from registry.engines.files import MODEL
from registry.models import ModelVersion
from registry.presenting.claims import compare_claims
from registry.presenting.quality import quality_of
from registry.services.importing import ImportRefused, import_skops
from registry.services.opening import load_manifest, load_scorer
from registry.tests.factories import NOON

pytestmark = pytest.mark.any_database

WORDS = ["Contract", "InternetService", "PaymentMethod"]
NUMBERS = ["tenure", "MonthlyCharges", "SeniorCitizen"]


@pytest.fixture(scope="module")
def table():
    return make_dataset_a(rows=400, seed=11)


@pytest.fixture(scope="module")
def fit(table):
    """Return a function that fits a pipeline as somebody else would."""

    def fit(classifier, *, numbers=None, words=WORDS, more=()):
        columns = ColumnTransformer(
            [
                # Another order than ours, numbers first.
                ("n", numbers or StandardScaler(), NUMBERS),
                ("w", OneHotEncoder(drop="first"), list(words)),
                *more,
            ]
        )
        with catch_warnings():
            simplefilter("ignore")
            return Pipeline([("prepare", columns), ("classify", classifier)]).fit(table, table["Churn"])

    return fit


@pytest.fixture(scope="module")
def files(fit, table, tmp_path_factory):
    """Return a skops file and the customers to try it on, with what it said where it was made."""
    folder = tmp_path_factory.mktemp("foreign")
    pipeline = fit(LogisticRegression())
    dump(pipeline, folder / "foreign.skops")
    said = [repr(float(value)) for value in pipeline.predict_proba(table)[:, 1]]
    table.assign(churn_probability=said).to_csv(folder / "customers.csv", index=False)
    return folder / "foreign.skops", folder / "customers.csv"


@pytest.fixture
def take_in(files, model_types):
    def take_in(**changes):
        fields = {"model_path": files[0], "customers_path": files[1], "company": None, "by": None, "at": NOON}
        return import_skops(**fields | changes)

    return take_in


def nothing_is_left():
    folders = [media_path("models/default_models"), waiting_room()]
    return not ModelVersion.objects.exists() and not any(
        path for folder in folders if folder.exists() for path in folder.iterdir()
    )


def test_a_converted_pipeline_serves_and_has_a_card(take_in, fit, table):
    version = take_in()

    expected = fit(LogisticRegression()).predict_proba(table)[:, 1]
    columns = {name: table[name].tolist() for name in TELCO_V1.features}
    columns["TotalCharges"] = [0.0] * len(table)  # not read by this pipeline
    assert load_scorer(version, at=NOON).score_batch(columns) == pytest.approx(expected, abs=1e-5)
    assert version.is_default
    assert version.training_dataset is None
    assert MODEL not in version.file_hashes

    # Everything that a card tells is there as well.
    found = version.metrics.additional_metrics
    manifest = load_manifest(version, at=NOON)
    assert quality_of(version).rows == 400
    assert found["intervals"]["churners"]["recall"]["low"] is not None
    assert {part["feature"] for part in found["slices"]} == {"Contract", "SeniorCitizen", "tenure"}
    assert len(found["importance"]) == len(TELCO_V1.features)
    assert manifest["parameters"]["C"] == 1.0
    assert manifest["imported"]["compared"] == manifest["imported"]["tried_on"] == 400
    assert len(manifest["imported"]["sha256"]) == 64
    event = AuditEvent.objects.get(action="version-imported")
    assert (event.subject, event.details["format"]) == ("Logistic Regression v1", "skops")


def test_a_probability_that_is_not_met_is_refused(take_in, files, tmp_path):
    path = tmp_path / "customers.csv"
    lines = files[1].read_text().splitlines()
    lines[3] = f"{lines[3].rpartition(',')[0]},0.5"
    path.write_text("\n".join(lines))

    with pytest.raises(ImportRefused, match=r"Customer 3 of the file: it said 0\.500000 where it was made"):
        take_in(customers_path=path)

    assert nothing_is_left()


def test_only_operators_import(take_in, developer):
    with pytest.raises(OperatorsOnly):
        take_in(by=developer)


# --- What is not opened ----------------------------------------------------------------------------------


class Bomb:
    def __reduce__(self):
        return (os.mkdir, (str(media_path("exploded")),))


def _zipped(payload):
    def write(path):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("schema.json", "{}")
            archive.writestr("model.npy", payload)

    return write


def _pickled(way):
    if isinstance(way, int):
        return pickle.dumps(Bomb(), protocol=way)
    buffer = io.BytesIO()
    joblib.dump(Bomb(), buffer, compress=(way, 3))
    return buffer.getvalue()


@pytest.mark.parametrize("way", [0, 2, 5, "zlib", "gzip", "bz2", "xz", "lzma"])
@pytest.mark.parametrize("name", ["model.skops", "model.pkl", "zipped.skops"])
def test_a_pickle_is_refused_without_being_opened(take_in, tmp_path, name, way):
    path = tmp_path / name
    payload = _pickled(way)
    if name.startswith("zipped"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("schema.json", "{}")
            archive.writestr("model.npy", payload)
    else:
        path.write_bytes(payload)

    with pytest.raises(ImportRefused, match="was not opened"):
        take_in(model_path=path)

    assert not media_path("exploded").exists()
    assert nothing_is_left()


def test_a_function_of_somebody_else_is_refused_by_name(take_in, fit, tmp_path):
    path = tmp_path / "function.skops"
    dump(fit(LogisticRegression(), more=[("f", FunctionTransformer(pd.isna), ["tenure"])]), path)

    with pytest.raises(ImportRefused, match=r"It holds .*pandas\.isna, which Churn Buster does not know"):
        take_in(model_path=path)

    assert nothing_is_left()


def test_a_file_that_kills_its_reader_is_refused(take_in, fit, tmp_path):
    path = tmp_path / "tree.skops"
    pipeline = fit(DecisionTreeClassifier(max_depth=2, random_state=0))
    tree = pipeline[-1].tree_
    state = tree.__getstate__()
    # Children far outside of the tree: scikit-learn follows them without looking.
    state["nodes"]["left_child"][0] = state["nodes"]["right_child"][0] = 1_000_000_000
    tree.__setstate__(state)
    dump(pipeline, path)

    with pytest.raises(ImportRefused, match=r"ended before it was done|cannot be imported"):
        take_in(model_path=path)

    assert nothing_is_left()


def test_customers_must_be_there_and_be_readable(take_in, tmp_path):
    with pytest.raises(ImportRefused, match="needs customers with outcomes"):
        take_in(customers_path=None)
    few = tmp_path / "few.csv"
    make_dataset_a(rows=100, seed=5).to_csv(few, index=False)
    with pytest.raises(ImportRefused, match="at least 30 customers who left"):
        take_in(customers_path=few)
    few.write_text("nothing,of,this")
    with pytest.raises(ImportRefused, match="The customers cannot be read"):
        take_in(customers_path=few)


def test_the_command_imports_for_a_company_and_shows_a_refusal(files, model_types, company, capsys):
    call_command("import_model", files[0], customers=files[1], company=company.pk.lower())

    assert capsys.readouterr().out == "Logistic Regression v2 is registered.\n"
    with pytest.raises(CommandError, match="needs customers"):
        call_command("import_model", files[0])


def test_what_a_metadata_file_claims_is_kept_beside_what_was_measured(take_in, tmp_path):
    figures = {"Accuracy": 0.99, "AUC": 0.9, "Precision": 0.9, "Recall": 0.9, "F1 Score": 0.9}
    metadata = tmp_path / "foreign_metadata.pkl"
    metadata.write_bytes(pickle.dumps({"model_type": "Logistic Regression", "metrics": figures}))

    version = take_in(metadata_path=metadata)

    manifest = load_manifest(version, at=NOON)
    assert manifest["imported"]["claimed"] == figures
    assert version.metrics.accuracy < 0.9
    assert "rely on what was measured" in compare_claims(manifest)
