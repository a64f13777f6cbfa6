"""No line of the ledger is replaced: SQLite deletes for `INSERT OR REPLACE` without asking the triggers of a delete.

MariaDB asks them, and needs nothing here. A later migration that alters one of the tables that 0013 names starts
with `remove_guards` and ends with `install_guards`, both imported from here: they take those of 0013 along.
"""

from importlib import import_module

from django.db import migrations

ledger = import_module("registry.migrations.0004_ledger_of_deployments")
bases = import_module("registry.migrations.0013_unique_per_company_and_base")

NAME = "deploymentevents_never_replaced"
# What is unique in the table: a new line that has one of these takes the place of the line that had it.
ON_SQLITE = f"""
    CREATE TRIGGER {NAME} BEFORE INSERT ON deploymentevents FOR EACH ROW
    WHEN EXISTS (SELECT 1 FROM deploymentevents WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM deploymentevents WHERE company_id = NEW.company_id AND sequence = NEW.sequence)
    BEGIN SELECT RAISE(ABORT, '{ledger.REFUSAL}'); END
"""


def refuse_replacing(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(ON_SQLITE, params=None)


def let_replace(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {NAME}", params=None)


def remove_guards(apps, schema_editor):
    let_replace(apps, schema_editor)
    bases.remove_guards(apps, schema_editor)


def install_guards(apps, schema_editor):
    bases.install_guards(apps, schema_editor)
    refuse_replacing(apps, schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ("registry", "0019_earlier_data_sets_say_who_is_invented"),
    ]

    operations = [
        migrations.RunPython(refuse_replacing, let_replace),
    ]
