"""Data, versions, deployments, ledger lines and shadow runs get a place for their customer base."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

companies = import_module("registry.migrations.0002_no_deployment_across_companies")
ledger = import_module("registry.migrations.0004_ledger_of_deployments")

PLACES = (
    ("dataset", "datasets"),
    ("modelversion", "versions"),
    ("modeldeployment", "deployments"),
    ("deploymentevent", "deployment_events"),
    ("shadowrun", "shadow_runs"),
)


def install_guards(apps, schema_editor):
    companies.install_guards(apps, schema_editor)
    ledger.install_guards(apps, schema_editor)


def remove_guards(apps, schema_editor):
    companies.remove_guards(apps, schema_editor)
    ledger.remove_guards(apps, schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ("registry", "0010_customer_bases"),
    ]

    # Nullable, so that SQLite rebuilds no table and the triggers stay where they are; on the way back it does.
    operations = [
        migrations.RunPython(migrations.RunPython.noop, install_guards, atomic=False),
        *(
            migrations.AddField(
                model_name=name,
                name="population",
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name=related, to="registry.population"),
            )
            for name, related in PLACES
        ),
        migrations.RunPython(migrations.RunPython.noop, remove_guards, atomic=False),
    ]
