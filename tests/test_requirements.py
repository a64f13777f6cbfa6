import ast
import re
from importlib.metadata import packages_distributions

import pytest

from tests.places import REPOSITORY, our_packages

LOCKS = ["requirements.txt", "requirements-production.txt", "requirements-dev.txt"]


def pinned(name: str) -> dict[str, str]:
    lines = (REPOSITORY / name).read_text().splitlines()
    return dict(line.split(";")[0].strip().split("==") for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("name", [*LOCKS, "requirements-peers.txt"])
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


def test_every_library_that_the_product_imports_is_named():
    named = set()
    for name in ("requirements.in", "requirements-production.in", "requirements-spark.in"):
        for line in (REPOSITORY / name).read_text().splitlines():
            named.add(re.match(r"[\w.-]*", line)[0].lower().replace("_", "-"))
    distributions = packages_distributions()
    unnamed = {
        library
        for package in [*our_packages(), "churnbuster", "sandbox"]
        for path in (REPOSITORY / package).rglob("*.py")
        if "tests" not in path.parts
        for library in _imported(path) & distributions.keys()
        if named.isdisjoint(one.lower().replace("_", "-") for one in distributions[library])
    }

    assert unnamed == set()


def _imported(path):
    """Return the first names of what a file imports, also inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
    return found


def test_the_product_needs_no_compiler():
    # mysqlclient is published as source only: it would take the whole installation down without headers.
    assert "mysqlclient" not in pinned("requirements.txt")
    assert "mysqlclient" in pinned("requirements-production.txt")
