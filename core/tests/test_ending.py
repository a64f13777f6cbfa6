"""A command that is refused, or that something below us fails, ends with a sentence; a bug shows itself."""

import errno
import os
import subprocess
import sys

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError

from core.errors import DomainError
from core.faults import FilesAway
from core.management.ending import ending_in_a_sentence
from tests.installation import free_port
from tests.places import REPOSITORY


def refused_because(cause):
    refused = CommandError("No version was read.")
    refused.__cause__ = cause
    return refused


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (CommandError("There is no company X."), "There is no company X."),
        (DomainError("Give it a name."), "Give it a name."),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "disk of this installation is full"),
        (OperationalError(2002, "Can't connect"), "database does not answer"),
        # Whoever runs the command is the operator, whom others are told to tell.
        (FilesAway(), "Mount the volume again"),
        (refused_because(FilesAway()), "Mount the volume again"),
        (OSError(errno.ESTALE, os.strerror(errno.ESTALE), "/srv/media/models"), "Mount the volume again"),
    ],
    ids=["command", "refusal", "disk", "database", "files", "because of files", "volume"],
)
def test_what_is_refused_or_fails_is_said(error, says):
    with pytest.raises(SystemExit, match=says) as ending, ending_in_a_sentence():
        raise error

    assert "tell the operator" not in str(ending.value)


def test_a_bug_shows_where_it_is():
    with pytest.raises(KeyError), ending_in_a_sentence():
        {}["name"]


def test_who_ends_by_itself_is_not_held_up():
    with pytest.raises(SystemExit) as ending, ending_in_a_sentence():
        sys.exit(3)

    assert ending.value.code == 3


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"DATABASE_URL": "sqlite:////gone/db.sqlite3"}, "The database does not answer."),
        ({"PORT": "0"}, "PORT must be a whole number above zero"),
    ],
    ids=["database", "setting"],
)
@pytest.mark.parametrize(
    "command", [("manage.py", "createcachetable"), ("-m", "scripts.prepare")], ids=["manage", "prepare"]
)
def test_a_process_that_cannot_begin_ends_with_one_line(command, setting, says, tmp_path):
    env = os.environ | {"STATE_DIR": str(tmp_path), "PORT": str(free_port())} | setting

    done = subprocess.run(
        [sys.executable, *command], cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith(says) and done.stderr.count("\n") == 1
