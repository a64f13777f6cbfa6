"""What CONTRIBUTING and the READMEs say of floors, services and files is so."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
READMES = sorted(ROOT.glob("*/README.md"))
SERVICES = sorted(path for path in ROOT.glob("*/services/*.py") if path.stem != "__init__")
WORD = re.compile(r"[a-z_]+")


def floors():
    """Return the packages of the outermost contract, but for floors that are not built yet."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if "churnbuster" in contract["layers"])
    return [name for layer in layers for name in WORD.findall(layer) if not layer.startswith("(")]


@pytest.mark.parametrize("floor", floors())
def test_contributing_draws_every_floor(floor):
    drawing = (ROOT / "CONTRIBUTING.md").read_text().split("```")

    assert any(floor in WORD.findall(block) for block in drawing if "churnbuster" in block)


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: f"{path.parts[-3]}.{path.stem}")
def test_a_service_stands_in_the_readme_of_its_app(service):
    code = re.findall(r"`([^`]+)`", (service.parents[1] / "README.md").read_text())

    assert any(service.stem in WORD.findall(part) for part in code)


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_a_file_that_a_readme_names_is_there(readme):
    named = re.findall(r"`([\w/]+\.py)`", readme.read_text())
    there = [f"/{path.relative_to(readme.parent)}" for path in readme.parent.rglob("*.py")]

    assert [name for name in named if not any(path.endswith(f"/{name}") for path in there)] == []
