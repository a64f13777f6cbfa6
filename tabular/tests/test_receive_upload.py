"""An upload is measured while it comes in, and its given name is only shown."""

import hashlib

import pytest

from tabular.errors import TableError
from tabular.source.upload import Received, display_name, receive


def test_returns_size_and_hash_of_what_was_written(tmp_path):
    received = receive([b"a,b\n", b"", b"1,2\n"], tmp_path / "upload", max_bytes=100)

    assert received == Received(hashlib.sha256(b"a,b\n1,2\n").hexdigest(), 8)
    assert (tmp_path / "upload").read_bytes() == b"a,b\n1,2\n"


def test_stops_at_the_limit_and_leaves_nothing(tmp_path):
    def endless():
        while True:
            yield b"x" * 1000

    folder = tmp_path / "incoming"
    folder.mkdir()

    with pytest.raises(TableError) as refusal:
        receive(endless(), folder / "upload", max_bytes=5000)

    assert refusal.value.kind == "too_large"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../../../tmp/x.csv", "x.csv"),
        ("..\\..\\x.csv", "x.csv"),
        ("nul\x00byte.csv", "nulbyte.csv"),
        ("\u202evsc.exe", "vsc.exe"),
        ("x\r\nSet-Cookie: a=b.csv", "xSet-Cookie: a=b.csv"),
        ("", "upload"),
        ("..", "upload"),
        ("x" * 300 + ".csv", "x" * 119 + "…"),
        ("\U0001f4c8résumé.csv", "\U0001f4c8résumé.csv"),
    ],
)
def test_shows_a_given_name_on_one_line_without_folders(given, shown):
    assert display_name(given) == shown
