import re

import pytest

from tests.places import REPOSITORY

LOCKS = ["requirements.txt", "requirements-production.txt", "requirements-dev.txt"]


def pinned(name: str) -> dict[str, str]:
    lines = (REPOSITORY / name).read_text().splitlines()
    return dict(line.split(";")[0].strip().split("==") for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("name", LOCKS)
def test_holds_exact_versions_and_nothing_else(name):
    # No index, no folder of the machine it was compiled on, no version that may move.
    line = re.compile(r"[a-z0-9-]+(\[[a-z,]+\])?==[\w.]+( ; .+)?")

    assert [text for text in (REPOSITORY / name).read_text().splitlines() if not line.fullmatch(text)] == []


@pytest.mark.parametrize("name", LOCKS[1:])
def test_agrees_with_what_the_product_runs_on(name):
    wider = pinned(name)

    assert {library: wider.get(library) for library in pinned("requirements.txt")} == pinned(
        "requirements.txt"
    )


def test_the_product_needs_no_compiler():
    # mysqlclient is published as source only: it would take the whole installation down without headers.
    assert "mysqlclient" not in pinned("requirements.txt")
    assert "mysqlclient" in pinned("requirements-production.txt")
