"""What becomes of a child that reads a file is told as what is wrong with the file."""

import pytest

from tabular.children import read_in_child
from tabular.errors import TableError
from tabular.tests import chores

pytestmark = pytest.mark.cold_children


def refusal_of(name, *, seconds=10):
    with pytest.raises(TableError) as refusal:
        read_in_child(f"{chores.__name__}:{name}", {}, memory_bytes=200 << 20, seconds=seconds)
    return refusal.value


def test_what_the_function_refuses_comes_back_as_it_was():
    refusal = refusal_of("refuse")

    assert (refusal.kind, refusal.message, refusal.line) == ("bad_number", "Row 7: no.", 7)


def test_too_much_memory_says_what_to_do():
    refusal = refusal_of("hoard")

    assert refusal.kind == "too_much_memory"
    assert refusal.message == (
        "Reading the file takes more than 210 MB of memory. Split it and upload the parts."
    )


def test_too_much_time_says_what_to_do():
    refusal = refusal_of("dawdle", seconds=1)

    assert refusal.kind == "too_slow"
    assert refusal.message == "Reading the file takes longer than 1 seconds. Split it and upload the parts."
