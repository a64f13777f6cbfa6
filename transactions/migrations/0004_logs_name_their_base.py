"""A purchase log belongs to the customer base of its file, whose definition is the one confirmed latest."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def name_bases(apps, schema_editor):
    Analysis = apps.get_model("transactions", "AnalysisSession")
    base = apps.get_model("registry", "Dataset").objects.filter(pk=OuterRef("dataset_id"))
    Analysis.objects.update(population_id=Subquery(base.values("population_id")[:1]))
    bases = apps.get_model("registry", "Population").objects
    for row in Analysis.objects.filter(configured_at__isnull=False).order_by("configured_at"):
        bases.filter(pk=row.population_id).update(
            definition={
                "horizon_days": row.horizon_days,
                "gap_days": row.gap_days,
                "active_window_days": row.active_window_days,
            }
        )


def base_field(**options):
    return models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="registry.population", **options)


class Migration(migrations.Migration):

    dependencies = [
        ("registry", "0013_unique_per_company_and_base"),
        ("transactions", "0003_name_feature_sets"),
    ]

    operations = [
        migrations.AddField(model_name="analysissession", name="population", field=base_field(null=True, related_name="analyses")),
        migrations.RunPython(name_bases, migrations.RunPython.noop),
        migrations.AlterField(model_name="analysissession", name="population", field=base_field(related_name="analyses")),
    ]
