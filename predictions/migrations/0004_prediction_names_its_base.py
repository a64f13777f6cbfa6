"""A prediction is of the customers that its version reads."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def name_bases(apps, schema_editor):
    base = apps.get_model("registry", "ModelVersion").objects.filter(pk=OuterRef("model_id"))
    apps.get_model("predictions", "Prediction").objects.update(
        population_id=Subquery(base.values("population_id")[:1])
    )


def base_field(**options):
    return models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="registry.population", **options)


class Migration(migrations.Migration):

    dependencies = [
        ("registry", "0013_unique_per_company_and_base"),
        ("predictions", "0003_people_take_their_predictions_along"),
    ]

    operations = [
        migrations.AddField(model_name="prediction", name="population", field=base_field(null=True, related_name="predictions")),
        migrations.RunPython(name_bases, migrations.RunPython.noop),
        migrations.AlterField(model_name="prediction", name="population", field=base_field(related_name="predictions")),
    ]
