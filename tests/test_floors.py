import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import REPOSITORY, our_apps, our_packages, pyproject

TEMPLATES = sorted(path for path in (REPOSITORY / "templates").rglob("*.*") if path.is_file())
# The frame of every page and what all pages are made of know who is reading, and nothing above that.
FRAME = "companies"
# What a template may name of an app: the names of its addresses, its templates, its tags.
NAMES = re.compile(r"""\{%\s*(?:url\s+["'](\w+):|(?:include|extends)\s+["'](\w+)/)|\{%\s*load\s+([^%]*)%\}""")
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"


def test_every_import_contract_is_kept():
    done = subprocess.run(
        [LINT_IMPORTS, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stdout


def test_every_package_is_under_the_contracts():
    assert set(our_packages()) <= set(pyproject()["tool"]["importlinter"]["root_packages"])


def test_every_app_keeps_the_order_of_layers():
    contracts = pyproject()["tool"]["importlinter"]["contracts"]
    inside = [app for contract in contracts for app in contract.get("containers", ())]

    assert set(our_apps()) <= set(inside)
    assert len(inside) == len(set(inside)), "two contracts would order the same modules"


def test_every_package_is_tested():
    assert set(our_packages()) <= set(pyproject()["tool"]["pytest"]["ini_options"]["testpaths"])


def test_no_file_is_too_long_to_read():
    too_long = {
        str(path.relative_to(REPOSITORY)): lines
        for package in [*our_packages(), "churnbuster", "scripts", "tests", "benchmarks"]
        for path in (REPOSITORY / package).rglob("*.py")
        if "migrations" not in path.parts and (lines := len(path.read_text().splitlines())) > 500
    }

    assert too_long == {}


def loaded_by(code):
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return done.stdout.split()


def test_a_web_process_starts_without_the_libraries_of_the_workers():
    loaded = loaded_by("import django; django.setup(); import churnbuster.urls")

    assert "churnbuster.urls" in loaded
    slow = {"sklearn", "xgboost", "lightgbm", "onnx", "pandas", "scipy", "ibis", "weasyprint"}
    assert not slow.intersection(loaded)


def test_a_child_that_looks_at_a_table_or_scores_does_not_wait_for_what_learns():
    engines = ["training.engines.own_tables", "predictions.engines.batch", "predictions.engines.purchases"]

    loaded = loaded_by(f"import {', '.join(engines)}")

    assert set(engines) <= set(loaded)
    assert not {"sklearn", "xgboost", "lightgbm", "scipy"}.intersection(loaded)


def floors() -> dict[str, int]:
    """Return how high each app stands; those that may not know each other stand equally high."""
    contracts = pyproject()["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if "churnbuster" in contract["layers"])
    return {
        name: height
        for height, layer in enumerate(reversed(layers))
        for name in re.findall(r"\w+", layer)
        if name in our_apps()
    }


def apps_named_in(source: str) -> set[str]:
    named = set()
    for address, template, tags in NAMES.findall(source):
        named |= {address, template, *(library.removesuffix("_tags") for library in tags.split())}
    return named.intersection(our_apps())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(REPOSITORY / "templates")))
def test_no_template_names_an_app_that_stands_above_it_or_beside_it(path):
    height = floors()
    folder = path.relative_to(REPOSITORY / "templates").parts[0]
    own = folder if folder in height else FRAME

    beyond = {name for name in apps_named_in(path.read_text()) - {own} if height[name] >= height[own]}

    assert beyond == set(), "it lets that app add its part: core/sections.py"


def test_what_a_template_names_is_found_however_it_is_written():
    source = """{% load static registry_tags %}{% extends "transactions/a.html" %}
    {% url 'training:new' as x %}{% url "companies:home" portal %}{% load core_tags %}
    {% include "jobs/_progress.html" with job=job %}"""

    assert apps_named_in(source) == {"registry", "transactions", "training", "jobs", "companies", "core"}


@pytest.mark.parametrize(
    "told, place",
    [
        ("Content-Disposition", "core/downloads.py"),
        ("#refusal", "core/fragments.py"),
        ("HttpResponseClientRedirect", "core/redirects.py"),
    ],
)
def test_how_a_page_is_answered_is_told_in_one_place(told, place):
    telling = {
        str(path.relative_to(REPOSITORY))
        for package in our_packages()
        for path in (REPOSITORY / package).rglob("*.py")
        if "tests" not in path.parts and told in path.read_text()
    }

    assert telling == {place}
