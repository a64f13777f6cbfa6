"""Models that somebody made to do harm are refused in words by a child process, and leave nothing behind."""

import errno
import io
import json
import os
import pickle
import resource
import stat
import zipfile

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from onnx import TensorProto, helper, load_model_from_string
from skops.io import dump

from companies.models import AuditEvent
from core.files.media import media_path
from intake.services.waiting import waiting_room
from jobs.models import Job
from ml.samples.dataset_a import make_dataset_a
from registry.models import ModelMetrics, ModelVersion
from registry.services.importing import ImportRefused, import_skops, import_version
from registry.tests.factories import NOON

pytestmark = pytest.mark.any_database


@pytest.fixture
def exported(exported_models, model_types):
    return exported_models["decision_tree"]


@pytest.fixture
def given(exported, tmp_path):
    """Return manifest and graph of a tree that was made elsewhere, for a test to spoil."""
    manifest, graph = tmp_path / "tree.json", tmp_path / "tree.onnx"
    manifest.write_text(json.dumps(exported.manifest))
    graph.write_bytes(exported.onnx)
    return manifest, graph


@pytest.fixture
def take_in(given):
    def take_in(manifest=given[0], graph=given[1], **changes):
        return import_version(
            manifest_path=manifest, graph_path=graph, metadata_path=None, company=None, by=None, at=NOON,
            **changes,
        )  # fmt: skip

    return take_in


def assert_nothing_is_left():
    for model in (ModelVersion, ModelMetrics, AuditEvent, Job):
        assert not model.objects.exists(), model
    assert list(waiting_room().iterdir()) == []
    models = media_path("models")
    assert not models.exists() or not [path for path in models.rglob("*") if path.is_file()]
    assert not media_path("exploded").exists()


# --- Manifests -------------------------------------------------------------------------------------------


def test_what_is_too_large_is_not_read(take_in, given):
    for path, most in ((given[1], 200), (given[0], 16)):
        with path.open("r+b") as file:
            file.truncate(most * 1024 * 1024 + 1)

        with pytest.raises(ImportRefused, match=rf"{path.name} is larger than {most} MB"):
            take_in()

    assert_nothing_is_left()


def test_a_disk_without_room_is_no_fault_of_the_file(take_in):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(OSError) as full:
            take_in()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert full.value.errno == errno.EFBIG
    assert_nothing_is_left()


def test_what_is_no_file_is_not_opened(take_in, tmp_path):
    os.mkfifo(tmp_path / "endless.json")

    for place in (tmp_path / "endless.json", tmp_path):
        with pytest.raises(ImportRefused, match="there is no such file"):
            take_in(manifest=place)

    assert_nothing_is_left()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 1_000_000, "lie within each other without end"),
        ('{"model_type": 1e999}', "is no manifest"),
        ('{"a": ' * 100_000, "without end"),
        ("[]", "lacks model_type, model_name, schema, serving, golden"),
    ],
    ids=["lists in lists", "infinity", "objects in objects", "another thing"],
)
def test_text_that_is_no_manifest_is_refused(take_in, given, text, sentence):
    given[0].write_text(text)

    with pytest.raises(ImportRefused, match=rf"tree\.json cannot be imported\. .*{sentence}"):
        take_in()

    assert_nothing_is_left()


def spoiled(manifest, **values):
    return json.dumps(manifest | values)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"schema": 5}, "is not a feature schema"),
        ({"golden": {"a": 1}}, "cannot be imported"),
        ({"golden": [{}]}, "The manifest lacks '"),
        ({"serving": []}, "do not fit together"),
        ({"calibrator": None}, "do not fit together"),
        ({"model_type": ["decision_tree"]}, "must be texts"),
        ({"model_type": "../../../etc"}, "There is no model type '../../../etc'"),
        ({"model_type": "/etc/passwd"}, "There is no model type '/etc/passwd'"),
    ],
    ids=lambda part: str(part)[:40],
)
def test_a_manifest_of_wrong_parts_is_refused(take_in, given, exported, values, sentence):
    given[0].write_text(spoiled(exported.manifest, **values))

    with pytest.raises(ImportRefused, match=sentence):
        take_in()

    assert_nothing_is_left()


# --- Graphs: the ways of doing harm are asked for in ml/tests/test_graph_checks.py -----------------------


def with_weights_of(location):
    def spoil(model):
        tensor = model.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[1])
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)

    return spoil


def with_more_memory_than_there_is(model):
    shape = model.graph.initializer.add(name="shape", data_type=TensorProto.INT64, dims=[1])
    shape.int64_data.append(2**40)
    last = model.graph.node[-1]
    last.output[0] = "before"
    model.graph.node.extend(
        [
            helper.make_node("ConstantOfShape", ["shape"], ["endless"]),
            helper.make_node("ReduceSum", ["endless"], ["zero"], keepdims=0),
            helper.make_node("Add", ["before", "zero"], ["score"]),
        ]
    )


def with_another_opset(model):
    model.opset_import[0].version = 99


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (with_weights_of("/etc/hostname"), "keeps weights in another file"),
        (with_weights_of("../secret_key"), "keeps weights in another file"),
        (with_another_opset, "needs version 99"),
        (
            with_more_memory_than_there_is,
            r"do not fit together|cannot be loaded|too much memory|ended before",
        ),
    ],
    ids=["anywhere", "above", "another opset", "endless"],
)
def test_a_hostile_graph_is_refused(take_in, given, exported, spoil, sentence):
    model = load_model_from_string(exported.onnx)
    spoil(model)
    given[1].write_bytes(model.SerializeToString())

    with pytest.raises(ImportRefused, match=sentence):
        take_in()

    assert_nothing_is_left()


class Bomb:
    def __reduce__(self):
        return (os.mkdir, (str(media_path("exploded")),))


def test_a_pickle_under_another_name_is_refused_by_its_own(take_in, given):
    given[1].write_bytes(pickle.dumps(Bomb()))

    with pytest.raises(ImportRefused, match=r"tree\.onnx was not opened: a pickle"):
        take_in()

    assert_nothing_is_left()


# --- Archives --------------------------------------------------------------------------------------------


@pytest.fixture
def customers(tmp_path):
    path = tmp_path / "customers.csv"
    make_dataset_a(rows=100, seed=8).to_csv(path, index=False)
    return path


def archive_with(path, name, payload=b"", *, mode=0o600):
    """Add one part to a true skops file."""
    dump({"a": np.arange(3)}, path)
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry, payload)


def objects():
    """Return an array as numpy writes objects: their pickle."""
    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb()], dtype=object), allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "part",
    [
        ("../0.npy", b""),
        ("/tmp/0.npy", b""),
        ("..\\0.npy", b""),
        ("C:0.npy", b""),
        ("sub/0.npy", b""),
    ],
    ids=lambda part: part[0],
)
def test_a_part_that_would_lie_elsewhere_is_refused(exported, customers, tmp_path, part):
    archive_with(tmp_path / "made.skops", *part)

    with pytest.raises(ImportRefused, match="does not belong into a skops file"):
        import_skops(
            model_path=tmp_path / "made.skops", customers_path=customers, company=None, by=None, at=NOON
        )

    assert_nothing_is_left()


@pytest.mark.parametrize(
    ("mode", "payload"),
    [(stat.S_IFLNK | 0o777, lambda: b"/etc/hostname"), (0o600, objects)],
    ids=["a link", "pickled objects"],
)
def test_a_part_that_is_no_array_is_refused(exported, customers, tmp_path, mode, payload):
    archive_with(tmp_path / "made.skops", "extra.npy", payload(), mode=mode)

    with pytest.raises(ImportRefused, match=r"made\.skops (cannot be imported|was not opened)"):
        import_skops(
            model_path=tmp_path / "made.skops", customers_path=customers, company=None, by=None, at=NOON
        )

    assert_nothing_is_left()


# --- The two doors ---------------------------------------------------------------------------------------


def test_the_admin_shows_the_refusal(exported, as_operator):
    address = reverse("admin:registry_modelversion_import")
    model = load_model_from_string(exported.onnx)
    with_weights_of("/etc/hostname")(model)
    before = AuditEvent.objects.count()

    answer = as_operator.post(
        address,
        {
            "model": SimpleUploadedFile("../../tree.json", json.dumps(exported.manifest).encode()),
            "graph": SimpleUploadedFile("tree.onnx", model.SerializeToString()),
        },
    )

    assert answer.status_code == 422
    assert "tree.json cannot be imported. The graph keeps weights in another file" in answer.content.decode()
    assert AuditEvent.objects.count() == before
    assert_nothing_is_left()


def test_the_command_shows_the_refusal(given):
    given[0].write_text("[" * 1_000_000)

    with pytest.raises(CommandError, match="lie within each other without end"):
        call_command("import_model", given[0], onnx=given[1])

    assert_nothing_is_left()
