"""A version of one company never serves another: triggers, because no constraint looks at two tables.

SQLite rebuilds a table to alter it. That drops the triggers on it, and it fails while a trigger on another table
names it. A later migration that alters `models` or `modeldeployments` therefore starts with `remove_guards` and ends
with `install_guards`, both imported from here.

A MariaDB server that writes a binary log lets an account without SUPER create triggers only under
`log_bin_trust_function_creators=1`.
"""

from django.db import migrations

REFUSAL = "A model version serves its own company only."

MYSQL = {
    "modeldeployments_own_company_insert": """
        CREATE TRIGGER modeldeployments_own_company_insert BEFORE INSERT ON modeldeployments FOR EACH ROW
        IF EXISTS (SELECT 1 FROM models WHERE id = NEW.model_id AND company_id <> NEW.company_id) THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{refusal}';
        END IF
    """,
    "modeldeployments_own_company_update": """
        CREATE TRIGGER modeldeployments_own_company_update BEFORE UPDATE ON modeldeployments FOR EACH ROW
        IF EXISTS (SELECT 1 FROM models WHERE id = NEW.model_id AND company_id <> NEW.company_id) THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{refusal}';
        END IF
    """,
    "models_deployed_at_home_update": """
        CREATE TRIGGER models_deployed_at_home_update BEFORE UPDATE ON models FOR EACH ROW
        IF NOT NEW.company_id <=> OLD.company_id
            AND EXISTS (SELECT 1 FROM modeldeployments WHERE model_id = NEW.id AND company_id <> NEW.company_id) THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{refusal}';
        END IF
    """,
}

SQLITE = {
    "modeldeployments_own_company_insert": """
        CREATE TRIGGER modeldeployments_own_company_insert BEFORE INSERT ON modeldeployments FOR EACH ROW
        WHEN EXISTS (SELECT 1 FROM models WHERE id = NEW.model_id AND company_id <> NEW.company_id)
        BEGIN SELECT RAISE(ABORT, '{refusal}'); END
    """,
    "modeldeployments_own_company_update": """
        CREATE TRIGGER modeldeployments_own_company_update BEFORE UPDATE ON modeldeployments FOR EACH ROW
        WHEN EXISTS (SELECT 1 FROM models WHERE id = NEW.model_id AND company_id <> NEW.company_id)
        BEGIN SELECT RAISE(ABORT, '{refusal}'); END
    """,
    "models_deployed_at_home_update": """
        CREATE TRIGGER models_deployed_at_home_update BEFORE UPDATE OF company_id ON models FOR EACH ROW
        WHEN EXISTS (SELECT 1 FROM modeldeployments WHERE model_id = NEW.id AND company_id <> NEW.company_id)
        BEGIN SELECT RAISE(ABORT, '{refusal}'); END
    """,
}

TRIGGERS = {"mysql": MYSQL, "sqlite": SQLITE}


def install_guards(apps, schema_editor):
    for statement in TRIGGERS[schema_editor.connection.vendor].values():
        schema_editor.execute(statement.format(refusal=REFUSAL), params=None)


def remove_guards(apps, schema_editor):
    for name in TRIGGERS[schema_editor.connection.vendor]:
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0001_initial'),
    ]

    operations = [
        # MariaDB commits at every CREATE TRIGGER; Django refuses to pretend otherwise.
        migrations.RunPython(install_guards, remove_guards, atomic=False),
    ]
