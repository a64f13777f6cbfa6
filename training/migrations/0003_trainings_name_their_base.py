"""A training is of one customer base, within which retrainings are numbered."""

import django.db.models.deletion
from django.db import migrations, models


def name_bases(apps, schema_editor):
    bases = apps.get_model("registry", "Population").objects
    apps.get_model("training", "TrainingRun").objects.update(
        population=bases.get(installation_slot="installation")
    )
    trainings = apps.get_model("training", "FeatureTraining").objects
    for company_id in trainings.order_by().values_list("company_id", flat=True).distinct():
        # A log that was deleted left its trainings behind, and perhaps no base.
        base, _ = bases.get_or_create(
            company_id=company_id,
            name="Purchases",
            defaults={
                "kind": "LOG",
                "policies": {"risk_tiers": "segments_v2", "threshold": None, "promotion": "after_training"},
            },
        )
        trainings.filter(company_id=company_id).update(population=base)


def base_field(**options):
    return models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="registry.population", **options)


class Migration(migrations.Migration):

    dependencies = [
        ("registry", "0013_unique_per_company_and_base"),
        ("training", "0002_trainings_on_features"),
    ]

    operations = [
        migrations.AddField(model_name="trainingrun", name="population", field=base_field(null=True, related_name="training_runs")),
        migrations.AddField(model_name="featuretraining", name="population", field=base_field(null=True, related_name="feature_trainings")),
        migrations.RunPython(name_bases, migrations.RunPython.noop),
        migrations.AlterField(model_name="trainingrun", name="population", field=base_field(related_name="training_runs")),
        migrations.AlterField(model_name="featuretraining", name="population", field=base_field(related_name="feature_trainings")),
        migrations.RemoveConstraint(model_name="trainingrun", name="one_training_run_per_number"),
        migrations.AddConstraint(
            model_name="trainingrun",
            constraint=models.UniqueConstraint(fields=("company", "population", "number"), name="one_training_run_per_number"),
        ),
    ]
