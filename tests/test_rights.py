"""Of every kind of work it is said who may start it, and so who sees it and may cancel it."""

import importlib

import pytest

from jobs import handlers, rights
from tests.places import REPOSITORY, our_apps


@pytest.fixture
def handled():
    for app in our_apps():
        if (REPOSITORY / app / "tasks.py").exists():
            importlib.import_module(f"{app}.tasks")
    return {name for name in handlers._handlers if not name.startswith("tests.")}


def test_every_kind_of_work_says_who_starts_it(handled):
    named = {name for name in rights._starters if not name.startswith("tests.")}

    # Operators alone have a version rebuilt.
    assert handled - named == {"training.rebuild"}
    assert named <= handled
