import ast

import pytest
from django.core.management import call_command

from tests.places import REPOSITORY, our_apps

pytestmark = pytest.mark.django_db


def test_models_and_migrations_agree():
    # Raises SystemExit, which names the app, when a model was changed without its migration.
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)


def test_what_landed_reads_no_data_that_may_change():
    # A column names functions for its default and for what happens when a row goes.
    allowed = {"companies.models", "registry.models.populations", "core.deletion"}
    leaning = {
        f"{path.relative_to(REPOSITORY)}: {name}"
        for app in our_apps()
        for path in (REPOSITORY / app / "migrations").glob("*.py")
        for name in _imported(path)
        if name.partition(".")[0] in our_apps() and name not in allowed
    }

    assert leaning == set()


def _imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names)


def test_every_migration_can_be_undone(django_db_setup):
    from django.db.migrations.loader import MigrationLoader

    ours = {"companies", "core", "jobs", "registry", "transactions", "training", "predictions"}
    irreversible = [
        f"{app}.{name}: {operation}"
        for (app, name), migration in MigrationLoader(None).disk_migrations.items()
        if app in ours
        for operation in migration.operations
        if not operation.reversible
    ]

    assert irreversible == []
