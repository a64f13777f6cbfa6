"""Files are compared before anything of them is parsed, and never unpickled to score."""

import json
import os
import pickle
import resource
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import numpy as np
import pytest
from django.utils import timezone

from companies import mail
from companies.models import AuditEvent
from core.events import tell_due
from core.faults import FilesAway
from core.files.media import media_path
from core.models import UntoldEvent
from core.tests.races import at_once
from ml.serving.scoring import Scorer
from registry.artefacts import path_of, read_artefacts, sign_version, stem_of
from registry.engines.files import (
    GRAPH,
    MANIFEST,
    METADATA,
    MODEL,
    SIGNATURE,
    FileMismatch,
    FileUnreachable,
    open_scorer,
    sha256,
    what_it_found,
)
from registry.engines.metadata import UnsafeMetadata
from registry.models import ModelVersion
from registry.services.opening import (
    DamagedArtefact,
    forget_loaded,
    load_metadata,
    load_scorer,
    verified_files,
)
from registry.services.states import VersionNotServing
from registry.tests.factories import NOON

pytestmark = pytest.mark.any_database

SUFFIXES = (MODEL, METADATA, GRAPH, MANIFEST, SIGNATURE)
FLIPS = 1_000


@pytest.fixture
def tree(default_versions):
    return default_versions["decision_tree"]


@pytest.fixture
def network(default_versions):
    return default_versions["neural_network"]


def flip(path, position, bit=0):
    payload = bytearray(path.read_bytes())
    payload[position % len(payload)] ^= 1 << bit
    path.write_bytes(payload)


def test_scores_like_the_golden_rows_of_the_manifest(default_versions):
    for version in default_versions.values():
        golden = json.loads(path_of(version, MANIFEST).read_bytes())["golden"]

        scores = [load_scorer(version, at=NOON).score_record(row["record"]) for row in golden]

        assert np.allclose(scores, [row["probability"] for row in golden], atol=1e-5, rtol=0)


def test_the_files_have_the_names_of_the_first_product(network):
    assert network.file_path == "models/default_models/neural_network.pkl"
    for suffix in (".pkl", "_metadata.pkl", ".onnx", ".json"):
        assert media_path(f"models/default_models/neural_network{suffix}").is_file()


def test_the_manifest_says_what_the_version_is_made_of(network):
    manifest = json.loads(path_of(network, MANIFEST).read_bytes())

    assert manifest["identity"]["version"] == "v1"
    assert len(manifest["golden"]) == 50
    assert manifest["parameters"]["hidden_layer_sizes"] == [100, 50]
    assert manifest["lineage"][0]["sha256"] == network.training_dataset.sha256
    assert {"schema", "calibrator", "threshold", "seeds", "versions", "data_sha256", "importance"} <= set(
        manifest
    )
    for name, described in manifest["files"].items():
        payload = path_of(network, "").with_name(name).read_bytes()
        assert described == {"sha256": sha256(payload), "bytes": len(payload)}


def test_every_one_of_a_thousand_flipped_bits_is_refused_before_parsing(network, monkeypatch):
    """The bits are spread evenly over the five files; a parser that is reached fails the test."""

    def parsed(*args, **kwargs):
        raise AssertionError("bytes that were not verified reached a parser")

    originals = {suffix: path_of(network, suffix).read_bytes() for suffix in SUFFIXES}
    monkeypatch.setattr(json, "loads", parsed)
    monkeypatch.setattr(pickle, "loads", parsed)
    monkeypatch.setattr(pickle, "Unpickler", parsed)
    monkeypatch.setattr(Scorer, "__init__", parsed)
    refused = 0
    for number in range(FLIPS):
        suffix = SUFFIXES[number % len(SUFFIXES)]
        size = len(originals[suffix])
        position = (number // len(SUFFIXES)) * size // (FLIPS // len(SUFFIXES))
        flip(path_of(network, suffix), position, bit=number % 8)
        with pytest.raises(FileMismatch):
            read_artefacts(network)
        refused += 1
        path_of(network, suffix).write_bytes(originals[suffix])

    assert refused == FLIPS
    assert read_artefacts(network).keys() == {MODEL, METADATA, GRAPH, MANIFEST}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_damaged_file_takes_its_version_out_of_service(
    suffix, tree, operator, mailoutbox, django_capture_on_commit_callbacks
):
    flip(path_of(tree, suffix), 7)

    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(DamagedArtefact, match="cannot be used"),
    ):
        load_scorer(tree, at=NOON)

    tree.refresh_from_db()
    assert tree.state == ModelVersion.State.DAMAGED
    assert tree.state_reason
    event = AuditEvent.objects.get(action="version-damaged")
    assert event.details["model"] == tree.pk
    assert [letter.to for letter in mailoutbox] == [[operator.email]]


@contextmanager
def unreadable(folder, how):
    """Take the volume away, or every file that this process may open."""
    if how == "unplugged":
        folder.rename(folder.with_name("unplugged"))
        yield
        folder.with_name("unplugged").rename(folder)
        return
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("away", ["unplugged", "no_descriptors"])
def test_files_that_cannot_be_read_now_are_no_damage(tree, away):
    files = verified_files(tree, at=NOON)
    with unreadable(path_of(tree, MODEL).parent, away):
        with pytest.raises(FilesAway):
            load_metadata(tree, at=NOON)
        with pytest.raises(FileUnreachable) as unreachable:
            open_scorer(files)

    assert what_it_found(unreachable.value).keys() == {"unreachable"}
    tree.refresh_from_db()
    assert tree.is_ready
    assert not AuditEvent.objects.filter(action="version-damaged").exists()
    assert load_metadata(tree, at=NOON)


def test_what_is_damaged_is_reported_once(tree, operator, mailoutbox, django_capture_on_commit_callbacks):
    path_of(tree, MODEL).unlink()
    also_tree = ModelVersion.objects.get(pk=tree.pk)

    with django_capture_on_commit_callbacks(execute=True):
        for found in (tree, also_tree):
            with pytest.raises(DamagedArtefact):
                load_scorer(found, at=NOON)
    with pytest.raises(VersionNotServing, match="damaged"):
        load_scorer(ModelVersion.objects.get(pk=tree.pk), at=NOON)

    assert AuditEvent.objects.filter(action="version-damaged").count() == 1
    assert len(mailoutbox) == 1


def test_an_operator_hears_of_it_once_the_mail_goes_out_again(
    tree, operator, mailoutbox, settings, django_capture_on_commit_callbacks
):
    path_of(tree, MODEL).unlink()
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # where nobody listens
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(DamagedArtefact):
        load_scorer(tree, at=NOON)
    assert not mailoutbox
    assert mail.latest_refusal()["why"] == "ConnectionRefusedError"

    settings.EMAIL_BACKEND = working
    tell_due(at=timezone.now() + timedelta(minutes=1))
    tell_due(at=timezone.now() + timedelta(minutes=2))

    letter = mailoutbox[0]
    assert (len(mailoutbox), letter.to) == (1, [operator.email])
    assert mail.latest_refusal() is None
    tree.refresh_from_db()
    assert f"{tree} of this installation was taken out of service: {tree.state_reason}" in letter.body
    assert f"{settings.BASE_URL}/admin/registry/modelversion/{tree.pk}/change/\n" in letter.body


def test_nobody_is_written_to_about_what_was_mended_before(
    tree, operator, mailoutbox, django_capture_on_commit_callbacks
):
    path_of(tree, MODEL).unlink()
    with pytest.raises(DamagedArtefact):
        load_scorer(tree, at=NOON)

    ModelVersion.objects.update(state=ModelVersion.State.READY)
    tell_due(at=timezone.now() + timedelta(minutes=1))

    assert not mailoutbox
    assert not UntoldEvent.objects.exists()


def test_the_other_versions_go_on_serving(tree, network):
    path_of(tree, GRAPH).write_bytes(b"")
    with pytest.raises(DamagedArtefact):
        load_scorer(tree, at=NOON)

    assert load_scorer(network, at=NOON).threshold == 0.5


def test_files_of_one_version_do_not_pass_for_those_of_another(tree, network):
    for suffix in SUFFIXES:
        path_of(tree, suffix).write_bytes(path_of(network, suffix).read_bytes())

    with pytest.raises(DamagedArtefact):
        load_scorer(tree, at=NOON)


def test_a_row_that_was_changed_to_fit_changed_files_does_not_carry_the_signature(tree):
    manifest = path_of(tree, MANIFEST)
    manifest.write_bytes(manifest.read_bytes().replace(b'"threshold": 0.5', b'"threshold": 0.9'))
    tree.file_hashes[MANIFEST] = tree.manifest_sha256 = sha256(manifest.read_bytes())
    tree.save()

    with pytest.raises(DamagedArtefact):
        load_scorer(tree, at=NOON)


@pytest.mark.parametrize(
    "changes", [{"company_id": "BCDFGHJKLM"}, {"model_type": "neural_network"}, {"version": "v2"}]
)
def test_a_signature_counts_for_one_company_type_and_version(tree, changes):
    named = {"company_id": None, "model_type": "decision_tree", "version": "v1", "hashes": tree.file_hashes}

    assert sign_version(**named) == tree.signature
    assert sign_version(**named | changes) != tree.signature


def test_a_hash_that_was_left_out_of_the_row_is_no_way_around_it(tree):
    del tree.file_hashes[GRAPH]
    tree.save()

    with pytest.raises(DamagedArtefact):
        load_scorer(tree, at=NOON)


# --- In memory -------------------------------------------------------------------------------------------


def test_a_scorer_is_read_once(tree):
    first = load_scorer(tree, at=NOON)
    path_of(tree, GRAPH).unlink()

    assert load_scorer(tree, at=NOON) is first

    forget_loaded()
    with pytest.raises(DamagedArtefact):
        load_scorer(tree, at=NOON)


def test_a_version_that_was_taken_out_of_service_does_not_serve_from_memory(tree):
    load_scorer(tree, at=NOON)
    tree.state = ModelVersion.State.QUARANTINED

    with pytest.raises(VersionNotServing, match="quarantined"):
        load_scorer(tree, at=NOON)


def test_threads_share_one_scorer(tree):
    tree.model_type  # noqa: B018 - the threads have no connection of their own to this test's transaction
    scorers = at_once(*[partial(load_scorer, tree, at=NOON)] * 8)

    assert len({id(scorer) for scorer in scorers}) == 1


# --- In a child process without Django -------------------------------------------------------------------

CHILD = """
import json, sys
from registry.engines.files import open_scorer
scorer = open_scorer(json.loads(sys.argv[1]))
print(scorer.score_record(json.loads(sys.argv[2])), "django" in sys.modules, "sklearn" in sys.modules)
"""


def test_a_child_process_opens_a_version_without_django(tree, settings):
    golden = json.loads(path_of(tree, MANIFEST).read_bytes())["golden"][0]
    arguments = [json.dumps(verified_files(tree, at=NOON).to_dict()), json.dumps(golden["record"])]

    ran = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments],
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"]},
    )

    probability, django, sklearn = ran.stdout.split()
    assert float(probability) == pytest.approx(golden["probability"], abs=1e-5)
    assert (django, sklearn) == ("False", "False")


@pytest.mark.parametrize("suffix", [MANIFEST, GRAPH])
def test_a_child_process_compares_again(suffix, tree):
    files = verified_files(tree, at=NOON)
    flip(path_of(tree, suffix), 100)

    with pytest.raises(FileMismatch, match="is not the file that was registered"):
        open_scorer(files)


# --- Pickles ---------------------------------------------------------------------------------------------


def test_metadata_has_exactly_the_keys_of_the_first_product(network):
    metadata = load_metadata(network, at=NOON)

    assert metadata["model_type"] == "Neural Network"
    assert list(metadata) == ["model_type", "metrics"]
    assert list(metadata["metrics"]) == ["Accuracy", "AUC", "Precision", "Recall", "F1 Score"]
    assert metadata == pickle.loads(path_of(network, METADATA).read_bytes())


def test_metadata_that_names_code_is_not_run(network):
    class Code:
        def __reduce__(self):
            return (os.mkdir, (str(media_path("run")),))

    payload = pickle.dumps(Code())
    path_of(network, METADATA).write_bytes(payload)
    network.file_hashes[METADATA] = sha256(payload)
    network.signature = sign_version(
        company_id=None, model_type="neural_network", version="v1", hashes=network.file_hashes
    )
    path_of(network, SIGNATURE).write_text(network.signature)
    network.save()

    with pytest.raises(UnsafeMetadata, match="texts and numbers only"):
        load_metadata(network, at=NOON)

    assert not media_path("run").exists()


def test_the_stem_of_a_version_is_the_beginning_of_all_its_files(network):
    assert stem_of(network) == "models/default_models/neural_network"
