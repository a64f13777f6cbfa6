import subprocess
import sys
from pathlib import Path

from tests.places import REPOSITORY, our_apps, our_packages, pyproject

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


def test_a_web_process_starts_without_the_libraries_of_the_workers():
    code = "import django; django.setup(); import churnbuster.urls, sys; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=120
    ).stdout.split()

    assert "churnbuster.urls" in loaded
    slow = {"sklearn", "xgboost", "lightgbm", "onnx", "pandas", "scipy", "ibis", "weasyprint"}
    assert not slow.intersection(loaded)
