import os

import pytest

from core.files.drafts import PARTIAL, is_older, sweep_partial, write_atomically


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
