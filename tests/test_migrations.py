import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def test_models_and_migrations_agree():
    # Raises SystemExit, which names the app, when a model was changed without its migration.
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)


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
