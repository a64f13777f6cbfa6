"""Champion, challenger and version numbers are unique per company and customer base; no version leaves its base.

As in 0002 triggers hold what looks at two tables. A later migration that alters `models`, `modeldeployments`,
`populations` or `deploymentevents` starts with `remove_guards` and ends with `install_guards`, both imported from
here: they take those of 0002 and 0004 along.
"""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

companies = import_module("registry.migrations.0002_no_deployment_across_companies")
ledger = import_module("registry.migrations.0004_ledger_of_deployments")
places = import_module("registry.migrations.0011_rows_may_name_their_base")

REFUSAL = "A model version serves its own customer base only."
STAYS = "A customer base stays with its company."

FOREIGN_BASE = """
    EXISTS (SELECT 1 FROM populations WHERE id = NEW.population_id AND company_id IS NOT NULL
            AND (NEW.company_id IS NULL OR company_id <> NEW.company_id))
"""
DEPLOYED_ELSEWHERE = """
    EXISTS (SELECT 1 FROM modeldeployments WHERE model_id = NEW.id AND population_id <> NEW.population_id)
"""
OTHER_BASE = "EXISTS (SELECT 1 FROM models WHERE id = NEW.model_id AND population_id <> NEW.population_id)"
SAME_ON_MYSQL = f"{ledger.SAME_ON_MYSQL} AND NEW.population_id <=> OLD.population_id"
SAME_ON_SQLITE = f"{ledger.SAME_ON_SQLITE} AND NEW.population_id IS OLD.population_id"


def _mysql(name, event, table, condition, refusal):
    return f"""
        CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW
        IF {condition} THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{refusal}';
        END IF
    """


def _sqlite(name, event, table, condition, refusal):
    return f"""
        CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN {condition}
        BEGIN SELECT RAISE(ABORT, '{refusal}'); END
    """


def _triggers(write, differs, same):
    wanted = (
        ("models_own_base_insert", "INSERT", "models", FOREIGN_BASE, REFUSAL),
        ("models_own_base_update", "UPDATE", "models", f"{FOREIGN_BASE} OR {DEPLOYED_ELSEWHERE}", REFUSAL),
        ("modeldeployments_own_base_insert", "INSERT", "modeldeployments", OTHER_BASE, REFUSAL),
        ("modeldeployments_own_base_update", "UPDATE", "modeldeployments", OTHER_BASE, REFUSAL),
        ("populations_stay_update", "UPDATE", "populations", differs, STAYS),
        (
            "deploymentevents_never_changed", "UPDATE", "deploymentevents",
            f"NOT ({same} AND NEW.actor_id IS NULL)", ledger.REFUSAL,
        ),
    )
    return {name: write(name, *rest) for name, *rest in wanted}


TRIGGERS = {
    "mysql": _triggers(_mysql, "NOT NEW.company_id <=> OLD.company_id", SAME_ON_MYSQL),
    "sqlite": _triggers(_sqlite, "NEW.company_id IS NOT OLD.company_id", SAME_ON_SQLITE),
}


def _drop(names, schema_editor):
    for name in names:
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}", params=None)


def remove_guards(apps, schema_editor):
    _drop(TRIGGERS[schema_editor.connection.vendor], schema_editor)
    companies.remove_guards(apps, schema_editor)
    ledger.remove_guards(apps, schema_editor)


def install_guards(apps, schema_editor):
    companies.install_guards(apps, schema_editor)
    ledger.install_guards(apps, schema_editor)
    # The ledger's own trigger knew no base yet.
    _drop(["deploymentevents_never_changed"], schema_editor)
    for statement in TRIGGERS[schema_editor.connection.vendor].values():
        schema_editor.execute(statement, params=None)


def make_room(apps, schema_editor):
    """Only on the way back: before this migration a company has one champion, and each number once."""
    Version = apps.get_model("registry", "ModelVersion")
    Run = apps.get_model("registry", "ModelDeployment")
    Run.objects.filter(active_slot=True, population__company__isnull=False).update(
        is_active=False, active_slot=None, champion_slot=None, challenger_slot=None, deactivated_at=Now()
    )
    for version in Version.objects.filter(population__company__isnull=False).order_by("pk"):
        others = Version.objects.filter(model_type=version.model_type_id, company=version.company_id)
        if others.exclude(pk=version.pk).filter(number=version.number).exists():
            # Its signature names the old number: the operator signs again, with verify_models --resign.
            number = max(others.values_list("number", flat=True)) + 1
            Version.objects.filter(pk=version.pk).update(number=number, version=f"v{number}")


class Migration(migrations.Migration):

    dependencies = [
        ("registry", "0012_rows_name_their_base"),
    ]

    operations = [
        migrations.RunPython(places.remove_guards, places.install_guards, atomic=False),
        migrations.RemoveConstraint(model_name="modelversion", name="unique_model_version_company"),
        migrations.RemoveConstraint(model_name="modeldeployment", name="one_champion"),
        migrations.RemoveConstraint(model_name="modeldeployment", name="one_challenger"),
        *(
            migrations.AlterField(
                model_name=name,
                name="population",
                field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name=related, to="registry.population"),
            )
            for name, related in places.PLACES
        ),
        migrations.RemoveField(model_name="dataset", name="schema_name"),
        migrations.RemoveField(model_name="modelversion", name="schema_name"),
        migrations.RunPython(migrations.RunPython.noop, make_room),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.UniqueConstraint(fields=("model_type", "version", "company", "population"), name="one_version_per_population"),
        ),
        migrations.AddConstraint(
            model_name="modeldeployment",
            constraint=models.UniqueConstraint(fields=("company", "population", "champion_slot"), name="one_champion"),
        ),
        migrations.AddConstraint(
            model_name="modeldeployment",
            constraint=models.UniqueConstraint(fields=("company", "population", "challenger_slot"), name="one_challenger"),
        ),
        migrations.RunPython(install_guards, remove_guards, atomic=False),
    ]
