"""The ledger of deployments, held by triggers: no line is changed, and none goes before its company does.

Two things pass. A line whose actor's account is deleted loses the pointer and keeps the name. And whoever erases a
company writes its ID to `ledgererasures` within the same transaction.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

REFUSAL = "The ledger of deployments is only ever added to."
COLUMNS = ("id", "company_id", "sequence", "action", "version_id", "deployment_id", "role", "reason", "actor_name", "at")
# Compared as bytes: the collation of MariaDB takes "Dana" and "dana" for the same.
SAME_ON_MYSQL = " AND ".join(f"BINARY NEW.`{name}` <=> BINARY OLD.`{name}`" for name in COLUMNS)
SAME_ON_SQLITE = " AND ".join(f'NEW."{name}" IS OLD."{name}"' for name in COLUMNS)

MYSQL = {
    "deploymentevents_never_changed": f"""
        CREATE TRIGGER deploymentevents_never_changed BEFORE UPDATE ON deploymentevents FOR EACH ROW
        IF NOT ({SAME_ON_MYSQL} AND NEW.actor_id IS NULL) THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{REFUSAL}';
        END IF
    """,
    "deploymentevents_never_deleted": f"""
        CREATE TRIGGER deploymentevents_never_deleted BEFORE DELETE ON deploymentevents FOR EACH ROW
        IF NOT EXISTS (SELECT 1 FROM ledgererasures WHERE company_id = OLD.company_id) THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{REFUSAL}';
        END IF
    """,
}

SQLITE = {
    "deploymentevents_never_changed": f"""
        CREATE TRIGGER deploymentevents_never_changed BEFORE UPDATE ON deploymentevents FOR EACH ROW
        WHEN NOT ({SAME_ON_SQLITE} AND NEW.actor_id IS NULL)
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
    """,
    "deploymentevents_never_deleted": f"""
        CREATE TRIGGER deploymentevents_never_deleted BEFORE DELETE ON deploymentevents FOR EACH ROW
        WHEN NOT EXISTS (SELECT 1 FROM ledgererasures WHERE company_id = OLD.company_id)
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
    """,
}

TRIGGERS = {"mysql": MYSQL, "sqlite": SQLITE}


def install_guards(apps, schema_editor):
    for statement in TRIGGERS[schema_editor.connection.vendor].values():
        schema_editor.execute(statement, params=None)


def remove_guards(apps, schema_editor):
    for name in TRIGGERS[schema_editor.connection.vendor]:
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0003_one_champion_per_company'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DeploymentEvent',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.PositiveIntegerField()),
                ('action', models.CharField(choices=[('DEPLOYED', 'Deployed'), ('ROLE_CHANGED', 'Changed its role'), ('WITHDRAWN', 'Withdrawn'), ('ROLLED_BACK', 'Rolled back'), ('SUSPENDED', 'Out of service'), ('RESUMED', 'In service again')], max_length=12)),
                ('role', models.CharField(choices=[('CHAMPION', 'Champion: chosen unless somebody chooses another'), ('ALTERNATIVE', 'Alternative: offered beside the champion')], max_length=12)),
                ('reason', models.CharField(max_length=500)),
                ('actor_name', models.CharField(max_length=255)),
                ('at', models.DateTimeField()),
            ],
            options={
                'db_table': 'deploymentevents',
                'ordering': ('company', '-sequence'),
            },
        ),
        migrations.CreateModel(
            name='LedgerErasure',
            fields=[
                ('company_id', models.CharField(max_length=10, primary_key=True, serialize=False)),
            ],
            options={
                'db_table': 'ledgererasures',
            },
        ),
        migrations.AddField(
            model_name='deploymentevent',
            name='actor',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='deploymentevent',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deployment_events', to='companies.company'),
        ),
        migrations.AddField(
            model_name='deploymentevent',
            name='deployment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='registry.modeldeployment'),
        ),
        migrations.AddField(
            model_name='deploymentevent',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='registry.modelversion'),
        ),
        migrations.AddIndex(
            model_name='deploymentevent',
            index=models.Index(fields=['company', 'at'], name='ledger_by_time'),
        ),
        migrations.AddConstraint(
            model_name='deploymentevent',
            constraint=models.UniqueConstraint(fields=('company', 'sequence'), name='one_ledger_line_per_sequence'),
        ),
        migrations.RunPython(install_guards, remove_guards, atomic=False),
    ]
