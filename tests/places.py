"""Where things lie in this repository, for the tests that read it."""

import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LIBRARIES = ("ml", "tabular")


def our_apps() -> list[str]:
    """Return the names of the Django apps that are ours."""
    from django.apps import apps

    return sorted(config.name for config in apps.get_app_configs() if Path(config.path).parent == REPOSITORY)


def our_packages() -> list[str]:
    return sorted([*our_apps(), *LIBRARIES])


def pyproject() -> dict:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
