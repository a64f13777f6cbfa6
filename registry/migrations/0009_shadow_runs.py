"""What a challenger said of the batches that it scored in the shadow."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("companies", "0001_initial"),
        ("registry", "0008_one_challenger_per_company"),
    ]

    operations = [
        migrations.CreateModel(
            name="ShadowRun",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("batch", models.UUIDField(help_text="By which those who predict know the batch.", unique=True)),
                ("batch_name", models.CharField(max_length=255)),
                ("at", models.DateTimeField()),
                ("failure", models.CharField(blank=True, max_length=255)),
                ("customers", models.BigIntegerField(null=True)),
                ("newly_leaving", models.BigIntegerField(help_text="Said to leave by the challenger alone.", null=True)),
                ("newly_staying", models.BigIntegerField(help_text="Said to stay by the challenger alone.", null=True)),
                ("mean_difference", models.FloatField(help_text="Mean absolute difference of the probability.", null=True)),
                ("distribution", models.JSONField(help_text="Thresholds, and customers by probability, of both.", null=True)),
                ("challenger", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="shadow_runs", to="registry.modeldeployment")),
                ("company", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="shadow_runs", to="companies.company")),
                ("compared_with", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="registry.modelversion")),
                ("version", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="shadow_runs", to="registry.modelversion")),
            ],
            options={
                "db_table": "shadowruns",
                "ordering": ("-at", "-id"),
                "indexes": [models.Index(fields=["company", "at"], name="shadow_runs_by_time")],
                "constraints": [models.CheckConstraint(condition=models.Q(models.Q(("customers__isnull", False), ("distribution__isnull", False), ("failure", ""), ("mean_difference__isnull", False), ("newly_leaving__isnull", False), ("newly_staying__isnull", False)), models.Q(models.Q(("failure", ""), _negated=True), ("customers__isnull", True)), _connector="OR"), name="shadow_run_failed_or_has_figures")],
            },
        ),
    ]
