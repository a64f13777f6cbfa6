"""What a table was combined with stands beside it, where its lineage is read, and no longer only at the run."""

from django.db import migrations


def name_what_was_added(apps, schema_editor):
    datasets = apps.get_model("registry", "Dataset").objects
    runs = apps.get_model("training", "TrainingRun").objects.filter(
        combined_dataset__isnull=False, upload_dataset__isnull=False
    )
    for combined, upload in runs.values_list("combined_dataset_id", "upload_dataset_id"):
        datasets.filter(pk=combined).update(added_dataset_id=upload)


class Migration(migrations.Migration):

    dependencies = [
        ("registry", "0016_data_sets_name_what_was_added"),
        ("training", "0003_trainings_name_their_base"),
    ]

    operations = [
        # The column goes with the migration that brought it.
        migrations.RunPython(name_what_was_added, migrations.RunPython.noop),
    ]
