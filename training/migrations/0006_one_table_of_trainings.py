"""Trainings on purchases move to the table of all trainings, and their jobs call them as all are called."""

from django.db import migrations

SAME = (
    "company_id", "population_id", "job_id", "model_type_id", "matrix_id", "version_id", "created_at",
    "label_source", "training_samples", "churn_rate", "report",
)  # fmt: skip


def move_in(apps, schema_editor):
    runs = apps.get_model("training", "TrainingRun").objects
    trainings = apps.get_model("training", "FeatureTraining").objects
    developers = {
        (company, account): developer
        for developer, company, account in apps.get_model("companies", "Developer").objects.values_list(
            "pk", "company_id", "account_id"
        )
    }
    # The oldest first: of two at one instant the later has the higher number, as in every list.
    for training in trainings.select_related("job").only("id", *SAME, "job__account_id").order_by("created_at", "id"):
        runs.create(
            uuid=training.id,
            kind="PURCHASES",
            developer_id=developers.get((training.company_id, training.job.account_id)),
            **{name: getattr(training, name) for name in SAME},
        )
    trainings.all().delete()
    rename_in_payloads(apps, "feature_training", "training_run")


def move_out(apps, schema_editor):
    runs = apps.get_model("training", "TrainingRun").objects.filter(kind="PURCHASES")
    trainings = apps.get_model("training", "FeatureTraining").objects
    for run in runs:
        trainings.create(id=run.uuid, **{name: getattr(run, name) for name in SAME})
    runs.delete()
    rename_in_payloads(apps, "training_run", "feature_training")


def rename_in_payloads(apps, old, new):
    """Tell the jobs that learn from purchases their training under the `new` name; also those that go on."""
    jobs = apps.get_model("jobs", "Job").objects.filter(task="training.learn_features")
    for pk, payload in jobs.order_by().values_list("pk", "payload"):
        if old in payload:
            jobs.filter(pk=pk).update(payload={new: payload[old]})


class Migration(migrations.Migration):

    dependencies = [
        ("training", "0005_room_for_trainings_on_purchases"),
    ]

    operations = [
        migrations.RunPython(move_in, move_out),
    ]
