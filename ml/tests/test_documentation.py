import doctest
import importlib
import pkgutil

import pytest

import ml

MODULES = [
    name
    for _, name, package in pkgutil.walk_packages(ml.__path__, "ml.")
    if not package and not name.startswith("ml.tests.")
]


@pytest.mark.parametrize("name", MODULES)
def test_every_example_runs(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
