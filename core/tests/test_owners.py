"""One sweep and one eraser for the files that apps declare theirs."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from core.files import owners
from core.files.owners import NotErased, Owner, Scratch, beside, declare, declare_scratch, erase_files, sweep
from core.files.store import objects_under, store_bytes
from core.files.stored import MEDIA

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    """Begin without the owners of the product: these tests have their own."""
    monkeypatch.setattr(owners, "_owners", {})
    monkeypatch.setattr(owners, "_scratch", {})


@pytest.fixture
def write(settings):
    def write_one(name, *, at=NOON):
        store_bytes(MEDIA, name, b"x")
        os.utime(settings.MEDIA_ROOT / name, (at.timestamp(), at.timestamp()))
        return name

    return write_one


def declare_letters(in_use=lambda names: set(), **more):
    declare("letters", Owner(bucket=MEDIA, prefixes=("letters/",), in_use=in_use, **more))


def left():
    return [found.name for found in objects_under(MEDIA)]


@pytest.mark.parametrize("page_size", [1, 2, 1000])
def test_takes_what_is_old_and_needed_by_nobody(write, page_size):
    needed, young = write("letters/needed"), write("letters/young", at=NOON + HOUR)
    orphans = [write("letters/a"), write("letters/b")]
    foreign = write("parcels/a")
    declare_letters(in_use=lambda names: {needed}, abandoned_after=HOUR)

    removed = sweep(at=NOON + HOUR + timedelta(minutes=1), page_size=page_size)

    assert removed == [f"media/{name}" for name in orphans]
    assert left() == sorted([needed, young, foreign])


def test_takes_nothing_that_the_owner_could_not_have_written(write):
    note = write("letters/note.txt")
    declare_letters(may_be_ours=lambda name: name.endswith(".pdf"))

    assert sweep(at=NOON + timedelta(days=2)) == []
    assert left() == [note]


def test_a_file_that_was_written_again_since_it_was_listed_stays(write):
    name = write("letters/a")

    def written_meanwhile(names):
        write(name, at=NOON + timedelta(days=2))
        return set()

    declare_letters(in_use=written_meanwhile)

    assert sweep(at=NOON + timedelta(days=2)) == []
    assert left() == [name]


def test_an_owner_that_cannot_be_asked_loses_nothing_and_holds_up_nobody(write, caplog):
    def broken(names):
        raise OSError("the database is away")

    kept = write("letters/a")
    write("parcels/a")
    declare_letters(in_use=broken)
    declare("parcels", Owner(bucket=MEDIA, prefixes=("parcels/",), in_use=lambda names: set()))

    assert sweep(at=NOON + timedelta(days=2)) == ["media/parcels/a"]
    assert left() == [kept]
    assert "letters" in caplog.text


def test_scratch_folders_lose_files_and_folders_at_their_own_age(tmp_path):
    work = tmp_path / "work"
    (work / "folder").mkdir(parents=True)
    (work / "file").write_text("x")
    for path in (work / "folder", work / "file"):
        os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    declare_scratch("work", Scratch(lambda: work, files_after=HOUR, folders_after=2 * HOUR))

    assert sweep(at=NOON + HOUR + timedelta(minutes=1)) == [str(work / "file")]
    assert sweep(at=NOON + 2 * HOUR + timedelta(minutes=1)) == [str(work / "folder")]


def test_who_is_erased_takes_the_own_folders_along_and_no_others(write):
    write("letters/7/a")
    others = [write("letters/70/a"), write("letters/8/a")]
    declare_letters(erased=("letters/{id}",))

    erase_files(id="7", uuid="unused here")
    erase_files(id="7", uuid="unused here")  # no mistake

    assert left() == others


@pytest.mark.parametrize("key", ["", None])
def test_an_empty_key_erases_nothing(write, key):
    name = write("letters/7/a")
    declare_letters(erased=("letters/{id}",))

    with pytest.raises(ValueError, match="everybody"):
        erase_files(id=key)

    assert left() == [name]


def test_what_lies_beside_a_named_file_has_its_name():
    names = ["a/1.csv", "a/1.shadow.parquet", "a/2.csv"]

    assert beside(names, ["somewhere/1.csv", None]) == {"a/1.csv", "a/1.shadow.parquet"}


def test_what_cannot_be_erased_is_named_and_holds_up_nobody(write, settings):
    write("parcels/7/a")
    blocked = settings.MEDIA_ROOT / "letters"
    blocked.mkdir()
    (blocked / "7").write_text("a file where a folder is expected")
    declare_letters(erased=("letters/{id}",))
    declare("parcels", Owner(bucket=MEDIA, prefixes=("parcels/",), in_use=set, erased=("parcels/{id}",)))

    with pytest.raises(NotErased, match="of letters"):
        erase_files(id="7")

    assert left() == ["letters/7"]
