"""A version may also be the challenger of a company, which has one at most."""

from importlib import import_module

from django.db import migrations, models
from django.db.models.functions import Now

guards = import_module("registry.migrations.0002_no_deployment_across_companies")

ROLES = [
    ("CHAMPION", "Champion: chosen unless somebody chooses another"),
    ("ALTERNATIVE", "Alternative: offered beside the champion"),
    ("CHALLENGER", "Challenger: scores in the shadow, and nobody is offered it"),
]


def end_challengers(apps, schema_editor):
    # Only on the way back: before this migration there is no such role. The ledger keeps what it says.
    rows = apps.get_model("registry", "ModelDeployment").objects.filter(role="CHALLENGER")
    rows.filter(active_slot=True).update(is_active=False, active_slot=None, deactivated_at=Now())
    rows.update(role="ALTERNATIVE", challenger_slot=None)


class Migration(migrations.Migration):

    dependencies = [
        ("registry", "0007_datasets_of_purchase_logs"),
    ]

    operations = [
        migrations.RunPython(guards.remove_guards, guards.install_guards, atomic=False),
        migrations.RemoveConstraint(
            model_name="modeldeployment",
            name="champion_holds_its_slot",
        ),
        migrations.AddField(
            model_name="modeldeployment",
            name="challenger_slot",
            field=models.BooleanField(editable=False, null=True),
        ),
        # Choices stand in no database, so that the table of the ledger is not rebuilt and keeps its triggers.
        migrations.AlterField(
            model_name="deploymentevent",
            name="role",
            field=models.CharField(choices=ROLES, max_length=12),
        ),
        migrations.AlterField(
            model_name="modeldeployment",
            name="role",
            field=models.CharField(choices=ROLES, default="ALTERNATIVE", max_length=12),
        ),
        migrations.AddConstraint(
            model_name="modeldeployment",
            constraint=models.UniqueConstraint(fields=("company", "challenger_slot"), name="one_challenger"),
        ),
        migrations.RunPython(migrations.RunPython.noop, end_challengers),
        migrations.AddConstraint(
            model_name="modeldeployment",
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('active_slot__isnull', False), ('champion_slot', True), ('champion_slot__isnull', False), ('role', 'CHAMPION')), models.Q(('active_slot__isnull', True), ('champion_slot__isnull', True), ('role', 'CHAMPION')), models.Q(('champion_slot__isnull', True), ('role__in', ('ALTERNATIVE', 'CHALLENGER'))), _connector='OR'), name='champion_holds_its_slot'),
        ),
        migrations.AddConstraint(
            model_name="modeldeployment",
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('active_slot__isnull', False), ('challenger_slot', True), ('challenger_slot__isnull', False), ('role', 'CHALLENGER')), models.Q(('active_slot__isnull', True), ('challenger_slot__isnull', True), ('role', 'CHALLENGER')), models.Q(('challenger_slot__isnull', True), ('role__in', ('CHAMPION', 'ALTERNATIVE'))), _connector='OR'), name='challenger_holds_its_slot'),
        ),
        migrations.RunPython(guards.install_guards, guards.remove_guards, atomic=False),
    ]
