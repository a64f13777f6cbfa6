import json
import os
import pickle

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from companies.models import AuditEvent
from core.figures import percent
from core.files.media import media_path
from ml.samples.dataset_a import make_dataset_a
from registry.models import ModelVersion
from registry.presenting.cards import limits_of
from registry.presenting.claims import compare_claims
from registry.presenting.quality import quality_of
from registry.services.importing import ImportRefused, import_version
from registry.services.opening import load_manifest, load_metadata, load_scorer
from registry.services.versions import ScorersDisagree
from registry.tests.factories import NOON

pytestmark = pytest.mark.any_database

FIGURES = {"Accuracy": 0.81, "AUC": 0.85, "Precision": 0.80, "Recall": 0.81, "F1 Score": 0.805}


@pytest.fixture
def foreign(exported_models, model_types, tmp_path):
    """Return the files of a tree that somebody trained elsewhere: manifest, graph and metadata."""
    exported = exported_models["decision_tree"]
    manifest, graph, metadata = (tmp_path / name for name in ("tree.json", "tree.onnx", "tree_metadata.pkl"))
    manifest.write_text(json.dumps(exported.manifest))
    graph.write_bytes(exported.onnx)
    metadata.write_bytes(pickle.dumps({"model_type": "Decision Tree", "metrics": FIGURES}))
    return manifest, graph, metadata


@pytest.fixture
def take_in(foreign):
    manifest, graph, _ = foreign

    def take_in(**changes):
        fields = {
            "manifest_path": manifest,
            "graph_path": graph,
            "metadata_path": None,
            "company": None,
            "by": None,
        }
        return import_version(**fields | {"at": NOON} | changes)

    return take_in


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_an_imported_model_serves(take_in, foreign):
    version = take_in()

    golden = json.loads(foreign[0].read_text())["golden"][0]
    assert load_scorer(version, at=NOON).score_record(golden["record"]) == pytest.approx(
        golden["probability"], abs=1e-5
    )
    assert version.file_path == "models/default_models/decision_tree.onnx"
    assert quality_of(version)
    assert AuditEvent.objects.get(action="version-imported").subject == "Decision Tree v1"


def test_the_figures_of_a_metadata_file_get_their_columns(take_in, foreign):
    metrics = take_in(metadata_path=foreign[2]).metrics

    stored = (metrics.accuracy, metrics.auc_roc, metrics.precision, metrics.recall, metrics.f1_score)
    assert stored == tuple(FIGURES.values())


def test_an_imported_model_takes_over_from_the_default(take_in, default_versions):
    version = take_in()

    assert version.version == "v2"
    assert ModelVersion.objects.defaults().get(model_type__slug="decision_tree") == version


def test_an_imported_model_may_belong_to_a_company(take_in, company):
    version = take_in(company=company)

    assert (version.company, version.version) == (company, "v2")


class Bomb:
    def __reduce__(self):
        return (os.mkdir, (str(media_path("exploded")),))


@pytest.mark.parametrize("name", ["model.pkl", "model.pkcls", "model.joblib", "model.onnx"])
def test_a_pickle_is_refused_without_being_opened(take_in, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Bomb()))

    with pytest.raises(ImportRefused, match="was not opened"):
        take_in(graph_path=path)

    assert not media_path("exploded").exists()
    assert not ModelVersion.objects.exists()


def test_metadata_that_names_code_is_refused(take_in, foreign):
    foreign[2].write_bytes(pickle.dumps({"model_type": "x", "metrics": Bomb()}))

    with pytest.raises(ImportRefused, match="texts and numbers only"):
        take_in(metadata_path=foreign[2])

    assert not media_path("exploded").exists()


@pytest.mark.parametrize(
    ("metrics", "sentence"),
    [({"Accuracy": 0.8}, "not all there"), (FIGURES | {"AUC": 85}, "between 0 and 1")],
)
def test_figures_must_be_complete_and_possible(take_in, foreign, metrics, sentence):
    foreign[2].write_bytes(pickle.dumps({"model_type": "x", "metrics": metrics}))

    with pytest.raises(ImportRefused, match=sentence):
        take_in(metadata_path=foreign[2])


def test_a_model_that_does_not_reproduce_its_golden_rows_is_refused(take_in, foreign):
    golden = json.loads(foreign[0].read_text())["golden"]
    golden[3]["probability"] = 0.999
    change(foreign[0], golden=golden)

    with pytest.raises(ScorersDisagree, match="golden row"):
        take_in()

    assert not ModelVersion.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"model_type": "orange"}, "no model type 'orange'"),
        ({"schema": {}}, "cannot be imported"),
        ({"serving": {"kind": "magic"}}, "cannot be imported"),
        ({"threshold": float("nan")}, "is no manifest"),
    ],
)
def test_a_manifest_that_does_not_hold_together_is_refused(take_in, foreign, values, sentence):
    change(foreign[0], **values)

    with pytest.raises(ImportRefused, match=sentence):
        take_in()


def test_a_manifest_must_be_there_and_be_json(take_in, tmp_path):
    with pytest.raises(ImportRefused, match="cannot be read"):
        take_in(manifest_path=tmp_path / "missing.json")
    (tmp_path / "wrong.json").write_text("customerID,Churn")
    with pytest.raises(ImportRefused, match="no manifest"):
        take_in(manifest_path=tmp_path / "wrong.json")


# --- Tried out here --------------------------------------------------------------------------------------


@pytest.fixture
def customers(tmp_path):
    path = tmp_path / "customers.csv"
    make_dataset_a(rows=300, seed=8).to_csv(path, index=False)
    return path


def test_figures_come_from_the_customers_that_are_given(take_in, foreign, customers):
    change(foreign[0], metrics={"weighted": dict.fromkeys(FIGURES, 1.0)})

    version = take_in(customers_path=customers)

    assert quality_of(version).rows == load_manifest(version, at=NOON)["imported"]["tried_on"] == 300
    assert 0.5 < version.metrics.accuracy < 1
    assert load_metadata(version, at=NOON)["metrics"]["Accuracy"] == version.metrics.accuracy


def test_it_is_compared_with_the_best_single_column_or_the_card_says_that_it_was_not(take_in, customers):
    def told(version):
        limits = limits_of(version.figures, load_manifest(version, at=NOON), version.population)
        return next(limit.text for limit in limits if "made elsewhere" in limit.text)

    compared, claimed = take_in(customers_path=customers), take_in()

    rule = compared.figures["simple_rule"]
    assert rule["rows"] == 150 and rule["model_gains"]["low"] is not None
    assert f"AUC {rule['model_auc']:.3f} against {rule['auc']:.3f}" in told(compared)
    assert "It was not compared with sorting customers" in told(claimed)


@pytest.mark.parametrize(
    ("accuracy", "verdict"), [(0.99, "more than chance explains"), (None, "cannot tell the two apart")]
)
def test_a_claim_is_told_beside_what_was_measured(take_in, foreign, customers, accuracy, verdict):
    """Of 300 customers: 0.99 is none of the accuracies that may be meant; what a first look found is."""
    measured = take_in(customers_path=customers).metrics.accuracy
    claimed = FIGURES | {"Accuracy": accuracy or measured}
    foreign[2].write_bytes(pickle.dumps({"model_type": "Decision Tree", "metrics": claimed}))

    version = take_in(customers_path=customers, metadata_path=foreign[2])

    manifest = load_manifest(version, at=NOON)
    assert manifest["imported"]["claimed"] == claimed
    assert version.metrics.accuracy == measured
    told = compare_claims(manifest)
    assert f"claims an accuracy of {percent(claimed['Accuracy'])}" in told and verdict in told
    assert any(told in limit.text for limit in limits_of(version.figures, manifest, version.population))


def test_the_command_tells_both(foreign, company, customers, capsys):
    manifest, graph, metadata = foreign

    call_command(
        "import_model", manifest, onnx=graph, metadata=metadata, customers=customers, company=company.pk
    )

    told = capsys.readouterr().out
    assert told.startswith(
        "Decision Tree v2 is registered. Its file claims an accuracy of 81.0\N{NARROW NO-BREAK SPACE}%."
    )
    assert "Of 300 customers whom it was tried on here" in told


def test_of_figures_that_no_page_can_draw_only_the_five_are_kept(take_in, foreign, as_developer):
    change(foreign[0], metrics={"weighted": FIGURES, "roc": {}, "churners": {"precision": "high"}})

    version = take_in()

    assert (version.metrics.accuracy, quality_of(version)) == (FIGURES["Accuracy"], None)
    page = as_developer.get(reverse("registry:version", args=("dev", version.pk)))
    assert page.status_code == 200
    assert "It was made elsewhere" in page.content.decode()


def test_the_operator_imports_in_the_admin(foreign, company, as_operator, as_developer):
    address = reverse("admin:registry_modelversion_import")
    manifest, graph, _ = foreign
    pickled = SimpleUploadedFile("tree.pkl", pickle.dumps(Bomb()))

    asked = as_operator.get(address)
    refused = as_operator.post(address, {"model": pickled})
    with manifest.open("rb") as model, graph.open("rb") as onnx:
        accepted = as_operator.post(address, {"model": model, "graph": onnx, "company": company.pk})

    assert "skops.io.dump" in asked.content.decode()
    assert (refused.status_code, accepted.status_code) == (422, 302)
    assert "tree.pkl was not opened" in refused.content.decode()
    assert not media_path("exploded").exists()
    version = ModelVersion.objects.get()
    assert accepted.url == reverse("admin:registry_modelversion_change", args=[version.pk])
    assert AuditEvent.objects.get(action="version-imported").details["file"] == "tree.json"
    assert as_developer.get(address).status_code == 302


def test_the_command_imports_and_shows_a_refusal(foreign, company, capsys):
    manifest, graph, metadata = foreign
    call_command("import_model", manifest, onnx=graph, metadata=metadata, company=company.pk)

    assert capsys.readouterr().out == "Decision Tree v2 is registered.\n"
    with pytest.raises(CommandError, match="not opened"):
        call_command("import_model", metadata)
