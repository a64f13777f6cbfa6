"""A dataset may also be a purchase log or its features, is known to programs by a UUID, and says where it lies."""

import uuid

from django.db import migrations, models


def name_every_dataset(apps, schema_editor):
    Dataset = apps.get_model("registry", "Dataset")
    for pk in Dataset.objects.values_list("pk", flat=True):
        Dataset.objects.filter(pk=pk).update(uuid=uuid.uuid4())


class Migration(migrations.Migration):

    dependencies = [
        ("registry", "0006_gate_of_the_defaults"),
    ]

    operations = [
        migrations.AddField(
            model_name="dataset",
            name="dataset_type",
            field=models.CharField(choices=[("snapshot", "Customers, one row each"), ("raw", "Purchase log"), ("features", "Features of a purchase log")], default="snapshot", max_length=8),
        ),
        migrations.AddField(
            model_name="dataset",
            name="bucket_name",
            field=models.CharField(blank=True, help_text="Storage alias; empty: the media folder.", max_length=40),
        ),
        migrations.AddField(
            model_name="dataset",
            name="has_churn_label",
            field=models.BooleanField(null=True),
        ),
        migrations.AlterField(
            model_name="dataset",
            name="file_path",
            field=models.CharField(help_text="Relative to its storage.", max_length=255),
        ),
        migrations.AddField(
            model_name="dataset",
            name="uuid",
            field=models.UUIDField(default=uuid.uuid4, editable=False, null=True),
        ),
        migrations.RunPython(name_every_dataset, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="dataset",
            name="uuid",
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
    ]
