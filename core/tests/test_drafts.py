import os
import subprocess
import sys

import pytest
from django.conf import settings

from core.files.drafts import PARTIAL, drafts_in, is_older, sweep_partial, work_room, write_atomically


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "results"
    made.mkdir()
    return made


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_file_appears_when_the_block_ends(folder):
    path = folder / "new" / "result.csv"

    with write_atomically(path) as draft:
        draft.write_text("all of it")
        assert not path.exists()

    assert path.read_text() == "all of it"
    assert names(path.parent) == ["result.csv"]


def test_an_error_leaves_the_file_before_and_no_draft(folder):
    path = folder / "result.csv"
    path.write_text("before")

    with pytest.raises(ZeroDivisionError), write_atomically(path) as draft:
        draft.write_text("half")
        raise ZeroDivisionError

    assert path.read_text() == "before"
    assert names(folder) == ["result.csv"]


def test_two_writers_of_one_file_do_not_mix(folder):
    path = folder / "result.csv"

    with write_atomically(path) as first, write_atomically(path) as second:
        first.write_text("first")
        second.write_text("second")

    assert path.read_text() == "first"


def test_the_sweep_removes_drafts_that_nobody_writes_any_more(folder):
    abandoned, fresh, finished = (folder / name for name in (f"{PARTIAL}a", f"{PARTIAL}b", "result.csv"))
    for path in (abandoned, fresh, finished):
        path.write_text("x")
        os.utime(path, (1000, 1000))
    os.utime(fresh, (1950, 1950))

    assert sweep_partial(folder, older_than=100, now=2000) == [abandoned]
    assert names(folder) == sorted([fresh.name, finished.name])


def test_what_was_removed_meanwhile_ends_no_sweep(folder):
    path = folder / "result.csv"
    path.write_text("x")
    os.utime(path, (1000, 1000))
    assert is_older(path, 1001) and not is_older(path, 1000)

    path.unlink()

    assert not is_older(path, 2000)


KILLED = """
import os, signal, sys
from pathlib import Path
from core.files.drafts import drafts_in, work_room, write_atomically

rooms, folder = Path(sys.argv[1]), Path(sys.argv[2])
with work_room(rooms, owner="job-1", attempt=1):
    (drafts_in(folder) / "half.parquet").write_text("half")
    with write_atomically(folder / "result.csv") as draft:
        draft.write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_drafts_of_a_killed_attempt_go_with_the_next(folder, tmp_path):
    rooms = tmp_path / "rooms"
    (rooms / "job-2-1").mkdir(parents=True)
    subprocess.run([sys.executable, "-c", KILLED, rooms, folder], cwd=settings.BASE_DIR)
    assert names(rooms / "job-1-1")[-1] == "half.parquet"
    assert len(names(folder)) == 1

    with work_room(rooms, owner="job-1", attempt=2):
        assert names(folder) == []
        assert names(rooms) == ["job-1-2", "job-2-1"]

    assert names(rooms) == ["job-2-1"]


def test_a_draft_that_became_a_file_is_left_alone(folder, tmp_path):
    for attempt in (1, 2):
        with (
            work_room(tmp_path / "rooms", owner="job-1", attempt=attempt) as room,
            write_atomically(folder / f"{attempt}.csv") as draft,
        ):
            draft.write_text("all of it")
            assert drafts_in(folder) == room

    assert names(folder) == ["1.csv", "2.csv"]
    assert drafts_in(folder) == folder
