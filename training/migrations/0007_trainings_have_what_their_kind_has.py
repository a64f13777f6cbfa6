"""What belongs to a training of which kind is a constraint, and the table that only purchases had goes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("training", "0006_one_table_of_trainings"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="trainingrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    kind="CUSTOMERS", input_data__isnull=False, matrix=None, label_source="",
                    training_samples=None, churn_rate=None, report__isnull=True,
                )
                | models.Q(
                    kind="PURCHASES", reason="", original_filename="", upload_path="",
                    input_data__isnull=True, number=None, upload_dataset=None, combined_dataset=None,
                    parent_dataset=None, combination__isnull=True, comparison__isnull=True,
                ),
                name="training_run_has_what_its_kind_has",
            ),
        ),
        migrations.DeleteModel(name="FeatureTraining"),
    ]
