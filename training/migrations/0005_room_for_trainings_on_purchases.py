"""The table of trainings has room for those on purchases: what only customers have may be empty."""

import django.db.models.deletion
from django.db import migrations, models

LABELS = [
    ("given", "The label column of the file"),
    ("definition", "The churn definition: no purchase for so many days"),
]
KINDS = [("CUSTOMERS", "A table of customers"), ("PURCHASES", "The features of a purchase log")]


def add(name, field, **options):
    return migrations.AddField(model_name="trainingrun", name=name, field=field, **options)


class Migration(migrations.Migration):

    dependencies = [
        ("transactions", "0004_logs_name_their_base"),
        ("training", "0004_data_sets_name_what_was_added"),
    ]

    operations = [
        # No trigger names this table, so SQLite may rebuild it. What stands in it learned from customers.
        add("kind", models.CharField(choices=KINDS, default="CUSTOMERS", editable=False, max_length=10), preserve_default=False),
        add("matrix", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="training_runs", to="transactions.featurematrix")),
        add("label_source", models.CharField(blank=True, choices=LABELS, max_length=10)),
        add("training_samples", models.PositiveIntegerField(null=True)),
        add("churn_rate", models.FloatField(null=True)),
        add("report", models.JSONField(help_text="Cutoffs, simple rule, random split, warnings.", null=True)),
        migrations.AlterField(
            model_name="trainingrun",
            name="input_data",
            field=models.JSONField(help_text="What was read: parse specification and counts.", null=True),
        ),
        migrations.AlterField(
            model_name="trainingrun",
            name="reason",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AlterField(
            model_name="trainingrun",
            name="upload_path",
            field=models.CharField(blank=True, help_text="Relative to the media folder.", max_length=255),
        ),
    ]
