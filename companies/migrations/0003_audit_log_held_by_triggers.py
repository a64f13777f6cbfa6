"""The audit log, held by triggers: no row is changed or replaced, and none goes before its company does.

Two things pass. A row whose actor's account is deleted loses the pointer. And whoever erases a company writes its
ID to `auditerasures` within the same transaction; rows of no company stand there under an empty ID.

A later migration that alters `auditevents` starts with `remove_guards` and ends with `install_guards`: SQLite
rebuilds the table, and its triggers go with the old one.
"""

from django.db import migrations, models

REFUSAL = "The audit log is only ever added to."
COLUMNS = ("id", "company_id", "action", "subject", "details", "at")
# Compared as bytes: the collation of MariaDB takes "Dana" and "dana" for the same.
SAME_ON_MYSQL = " AND ".join(f"BINARY NEW.`{name}` <=> BINARY OLD.`{name}`" for name in COLUMNS)
SAME_ON_SQLITE = " AND ".join(f'NEW."{name}" IS OLD."{name}"' for name in COLUMNS)
IS_ERASED = "EXISTS (SELECT 1 FROM auditerasures WHERE company_id = COALESCE(OLD.company_id, ''))"


def _mysql(name, event, condition):
    return f"""
        CREATE TRIGGER {name} BEFORE {event} ON auditevents FOR EACH ROW
        IF {condition} THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{REFUSAL}';
        END IF
    """


def _sqlite(name, event, condition):
    return f"""
        CREATE TRIGGER {name} BEFORE {event} ON auditevents FOR EACH ROW WHEN {condition}
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
    """


def _triggers(write, *guards):
    return {f"auditevents_{name}": write(f"auditevents_{name}", *rest) for name, *rest in guards}


TRIGGERS = {
    # REPLACE deletes there, and the second trigger sees it.
    "mysql": _triggers(
        _mysql,
        ("never_changed", "UPDATE", f"NOT ({SAME_ON_MYSQL} AND NEW.actor_id IS NULL)"),
        ("never_deleted", "DELETE", f"NOT {IS_ERASED}"),
    ),
    # `INSERT OR REPLACE` deletes without asking the triggers of a delete.
    "sqlite": _triggers(
        _sqlite,
        ("never_changed", "UPDATE", f"NOT ({SAME_ON_SQLITE} AND NEW.actor_id IS NULL)"),
        ("never_deleted", "DELETE", f"NOT {IS_ERASED}"),
        ("never_replaced", "INSERT", "EXISTS (SELECT 1 FROM auditevents WHERE id = NEW.id)"),
    ),
}


def install_guards(apps, schema_editor):
    for statement in TRIGGERS[schema_editor.connection.vendor].values():
        schema_editor.execute(statement, params=None)


def remove_guards(apps, schema_editor):
    for name in TRIGGERS[schema_editor.connection.vendor]:
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('companies', '0002_api_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditErasure',
            fields=[
                ('company_id', models.CharField(max_length=10, primary_key=True, serialize=False)),
            ],
            options={
                'db_table': 'auditerasures',
            },
        ),
        # MariaDB commits at every CREATE TRIGGER.
        migrations.RunPython(install_guards, remove_guards, atomic=False),
    ]
