"""Real processes that start while the volume of the models is away: each says so, and none loses a file."""

import contextlib
import shutil
import subprocess
import sys
import time

import pytest

from tests.installation import Installation, own_database
from tests.places import REPOSITORY

pytestmark = pytest.mark.slow

AWAY = "The stored files cannot be reached. Mount the volume again"


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """An installation with a model, of before anything was noted of its folders."""
    folder = tmp_path_factory.mktemp("older")
    with own_database(folder) as url:
        installation = Installation(
            folder, database_url=url, extra_env={"DEFAULT_MODEL_TYPES": "logistic_regression"}
        )
        installation.prepare()
        yield installation


@pytest.fixture
def models(older):
    """The folder of its models; it is an empty place while the test runs, and has its files again after."""
    folder = older.folder / "media" / "models"
    shutil.rmtree(older.folder / "var" / "roots")
    away = folder.rename(folder.with_name("unplugged"))
    folder.mkdir()
    yield folder
    if away.exists():
        shutil.rmtree(folder, ignore_errors=True)
        away.rename(folder)


def mounted(models):
    models.rmdir()
    models.with_name("unplugged").rename(models)


def prepare(installation):
    return subprocess.run(
        [sys.executable, "-m", "scripts.prepare"],
        cwd=REPOSITORY,
        env=installation.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_start_of_all_ends_with_what_to_do_and_goes_on_once_the_volume_is_there(older, models):
    refused = prepare(older)

    assert refused.returncode == 1
    assert AWAY in refused.stderr and "Traceback" not in refused.stderr
    mounted(models)
    assert prepare(older).returncode == 0
    assert older.manage("verify_models").endswith("1 versions may serve.\n")


def test_a_worker_that_starts_first_notes_it_and_keeps_running(older, models):
    older.start_worker()
    with contextlib.ExitStack() as at_the_end:
        at_the_end.callback(older.stop)
        assert wait_for(lambda: "ready" in (older.folder / "worker.log").read_text())

        assert older.processes["worker"].poll() is None
    assert "volume" in [note.read_text() for note in notes(older)]
    assert list(models.iterdir()) == []
    with pytest.raises(RuntimeError, match="cannot be reached now"):
        older.manage("verify_models")


def test_who_gives_the_volume_up_is_not_told_to_wait_for_it(older, models):
    prepare(older)

    older.manage("make_buckets")

    with pytest.raises(RuntimeError, match="Restore their files from a backup"):
        older.manage("verify_models")
    assert " v2: " in older.manage("seed_defaults", "--dataset", str(older.folder / "DatasetA.csv"))
    assert prepare(older).returncode == 0


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.1)
    return condition()


def notes(installation):
    return (installation.folder / "var" / "roots").glob("*")
