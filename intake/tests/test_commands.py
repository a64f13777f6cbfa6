"""How a command ends that takes a file."""

import pytest
from django.core.management import CommandError

from core.errors import Unprocessable
from intake.management.reading import opened, told_at_the_end


def test_a_full_disk_is_not_told_as_a_fault_of_the_file(tmp_path):
    path = tmp_path / "march.csv"
    path.write_text("customerID\n1\n")

    with (
        pytest.raises(CommandError, match="The disk of this installation is full"),
        told_at_the_end(),
        opened(path) as upload,
        open("/dev/full", "wb") as kept,
    ):
        kept.write(upload.read())


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    path = tmp_path / "march"
    path.mkdir()

    with pytest.raises(CommandError, match="march cannot be read: Is a directory"), told_at_the_end():
        opened(path).__enter__()


def test_a_refusal_says_which_argument_answers_it():
    with pytest.raises(CommandError, match=r"Two sheets\. Name it with --sheet\."), told_at_the_end():
        raise Unprocessable("Two sheets.", code="several_sheets")


def test_a_bug_rises():
    with pytest.raises(ZeroDivisionError), told_at_the_end():
        raise ZeroDivisionError
