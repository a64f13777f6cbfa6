"""A customer base: one kind of customer of which leaving is predicted."""

import uuid

import django.utils.timezone
from django.db import migrations, models

import core.deletion
import registry.models.populations


class Migration(migrations.Migration):

    dependencies = [
        ("companies", "0002_api_keys"),
        ("registry", "0009_shadow_runs"),
    ]

    operations = [
        migrations.CreateModel(
            name="Population",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("kind", models.CharField(choices=[("SNAPSHOT", "Customers, one row each"), ("LOG", "Purchase log")], max_length=8)),
                ("schema", models.JSONField(blank=True, default=dict)),
                ("roles", models.JSONField(blank=True, default=dict, help_text="Which column is the id, the outcome, the value of a customer, the time; and which value of the outcome means “left”.")),
                ("definition", models.JSONField(blank=True, default=dict, help_text="What leaving means: a column, or horizon_days, gap_days and active_window_days.")),
                ("wording", models.JSONField(blank=True, default=dict, help_text="Label, unit and names of values by column.")),
                ("currency", models.CharField(blank=True, max_length=8)),
                ("slices", models.JSONField(blank=True, default=list, help_text="Columns by which the figures of a version are shown in parts.")),
                ("policies", models.JSONField(blank=True, default=registry.models.populations.usual_policies, help_text="risk_tiers, threshold and promotion.")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                ("installation_slot", models.CharField(editable=False, max_length=12, null=True, unique=True)),
                ("company", models.ForeignKey(blank=True, null=True, on_delete=core.deletion.cascade_whole, related_name="populations", to="companies.company")),
            ],
            options={
                "db_table": "populations",
                "ordering": ("id",),
                "constraints": [
                    models.UniqueConstraint(fields=("company", "name"), name="one_population_per_name"),
                    models.CheckConstraint(condition=models.Q(models.Q(("company__isnull", True), ("installation_slot", "installation"), ("installation_slot__isnull", False)), models.Q(("company__isnull", False), ("installation_slot__isnull", True)), _connector="OR"), name="population_without_company_holds_its_slot"),
                ],
            },
        ),
    ]
