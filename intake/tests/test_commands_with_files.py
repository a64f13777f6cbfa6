"""Whose fault it is that a command with a file ends."""

import errno

from intake.management.reading import unread


def test_a_file_that_cannot_be_opened_is_named():
    told = str(unread("march.csv", FileNotFoundError(errno.ENOENT, "No such file or directory")))

    assert told == "march.csv cannot be read: No such file or directory."


def test_a_disk_without_room_is_no_fault_of_the_file():
    for full in (
        OSError(errno.ENOSPC, "No space left on device"),
        OSError("400000 requested and 12272 written"),
    ):
        assert str(unread("march.csv", full)).startswith("The disk of this installation is full.")
