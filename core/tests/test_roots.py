"""A folder for files that was there and is away loses nothing, whatever was known of it at the start."""

import os
import shutil
import subprocess
import sys

import pytest

from core.faults import FilesAway
from core.files import owners, roots
from core.files.owners import Owner, declare, make_roots, note_roots
from core.files.store import cached_path, exists, is_certain, remove_under, store_bytes
from core.files.stored import MEDIA, MODELS, FileIsGone
from tests.places import REPOSITORY

NAME = "versions/1/model.pkl"


@pytest.fixture(autouse=True)
def rows(monkeypatch):
    """One owner of models, of which rows name files, and one of uploads, of which none do."""
    monkeypatch.setattr(owners, "_owners", {})
    declare("models", Owner(MODELS, ("versions/",), in_use=set, has_files=lambda: True))
    declare("uploads", Owner(MEDIA, ("waiting/",), in_use=set))


@pytest.fixture
def folder(settings):
    return settings.MEDIA_ROOT / MODELS


@pytest.fixture
def older(folder, settings):
    """An installation with files, of before anything was noted."""
    store_bytes(MODELS, NAME, b"x")
    shutil.rmtree(settings.STATE_DIR / "roots")
    return folder


def refuses_to_write():
    with pytest.raises(FilesAway):
        store_bytes(MODELS, "versions/2/model.pkl", b"x")
    return True


@pytest.mark.parametrize("place", ["gone", "empty"])
def test_a_volume_that_is_away_at_the_first_start_with_notes_is_waited_for(older, place):
    away = older.rename(older.with_name("unplugged"))
    if place == "empty":
        older.mkdir()

    note_roots()

    assert refuses_to_write()
    with pytest.raises(FilesAway):
        exists(MODELS, NAME)
    if place == "empty":
        older.rmdir()
    away.rename(older)
    assert cached_path(MODELS, NAME).read_bytes() == b"x"


def test_one_that_goes_after_the_start_is_waited_for(older):
    note_roots()
    older.rename(older.with_name("unplugged"))

    assert refuses_to_write()
    note_roots()  # a start meanwhile forgets nothing
    assert refuses_to_write()


def test_one_that_came_back_may_be_emptied(older):
    away = older.rename(older.with_name("unplugged"))
    note_roots()
    away.rename(older)
    store_bytes(MODELS, "versions/2/model.pkl", b"x")

    remove_under(MODELS, "versions")

    assert not exists(MODELS, NAME)
    store_bytes(MODELS, NAME, b"y")


def test_one_that_was_never_there_is_made_by_the_first_file(settings):
    note_roots()

    store_bytes(MEDIA, "waiting/1.csv", b"x")

    assert (settings.MEDIA_ROOT / "waiting" / "1.csv").exists()


def test_a_folder_that_is_given_up_takes_files_again_and_what_it_held_is_gone(older, settings):
    store_bytes(MEDIA, "waiting/1.csv", b"x")
    note_roots()
    shutil.rmtree(settings.MEDIA_ROOT)
    assert refuses_to_write() and not is_certain(MODELS, NAME)

    make_roots()

    assert is_certain(MODELS, NAME)
    with pytest.raises(FileIsGone):
        cached_path(MODELS, NAME)
    store_bytes(MODELS, NAME, b"y")
    store_bytes(MEDIA, "waiting/2.csv", b"y")
    note_roots()
    assert is_certain(MODELS, "versions/2/model.pkl")  # also after the next start


def test_to_make_what_is_there_gives_nothing_up(older):
    note_roots()

    make_roots()

    assert not is_certain(MODELS, NAME)


def test_a_server_keeps_its_own_count(use_s3, settings):
    use_s3()

    note_roots()
    make_roots()

    assert list((settings.STATE_DIR / "roots").glob("*")) == []
    assert is_certain(MODELS, NAME)


AS_SOMEBODY = """
import os, sys
from pathlib import Path
from django.conf import settings
settings.configure(STATE_DIR=Path(sys.argv[2]))
from core.faults import FilesAway
from core.files import roots
os.setuid(65534)
try:
    roots.refuse_if_away(Path(sys.argv[1]))
except FilesAway:
    print("away")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_volume_that_may_not_be_read_is_away(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o011)

    assert _run(AS_SOMEBODY, closed, tmp_path) == "away\n"


MOUNTED = """
import subprocess, sys
from pathlib import Path
from django.conf import settings
settings.configure(STATE_DIR=Path(sys.argv[2]))
from core.faults import FilesAway
from core.files import roots
root, held = Path(sys.argv[1]), Path(sys.argv[2]) / "held"
root.mkdir(), held.mkdir()
(held / "file").write_text("x")
subprocess.run(["mount", "--bind", *sys.argv[3:], held, root], check=True)
roots.note(root, has_files=True)
roots.ready(root)
subprocess.run(["umount", root], check=True)
try:
    roots.ready(root)
except FilesAway:
    print("away", list(root.iterdir()))
"""
CAN_MOUNT = os.getuid() == 0 and not subprocess.call(
    ["unshare", "--mount", "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
)


@pytest.mark.skipif(not CAN_MOUNT, reason="mounting is not allowed here")
@pytest.mark.parametrize("how", [(), ("-o", "ro")], ids=["writable", "read-only"])
def test_a_folder_of_the_same_disk_that_is_mounted_is_a_volume(tmp_path, how):
    """As containers have it; a blank in its name is one."""
    said = _run(MOUNTED, tmp_path / "a place", tmp_path, *how, before=("unshare", "--mount"))

    assert said == "away []\n"


def _run(script, *arguments, before=()):
    done = subprocess.run(
        [*before, sys.executable, "-c", script, *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    return done.stdout


def test_what_cannot_be_noted_is_said(older, settings):
    settings.STATE_DIR = older / NAME  # a file

    with pytest.raises(OSError):
        roots.note(older, has_files=True)
