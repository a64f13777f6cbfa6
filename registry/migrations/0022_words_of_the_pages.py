import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0021_rows_have_the_defaults_of_the_database'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='dataset',
            options={'ordering': ('id',), 'verbose_name': 'data set'},
        ),
        migrations.AlterField(
            model_name='dataset',
            name='population',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='datasets', to='registry.population', verbose_name='customer base'),
        ),
        migrations.AlterField(
            model_name='deploymentevent',
            name='population',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='deployment_events', to='registry.population', verbose_name='customer base'),
        ),
        migrations.AlterField(
            model_name='modeldeployment',
            name='population',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='deployments', to='registry.population', verbose_name='customer base'),
        ),
        migrations.AlterField(
            model_name='modelmetrics',
            name='precision',
            field=models.FloatField(help_text='Averaged over both classes by their size, like all five figures. Those of leavers alone stand in additional_metrics.', null=True),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='population',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='versions', to='registry.population', verbose_name='customer base'),
        ),
        migrations.AlterField(
            model_name='population',
            name='slices',
            field=models.JSONField(blank=True, default=list, help_text='Columns by whose values the figures of a version are shown in groups.'),
        ),
        migrations.AlterField(
            model_name='population',
            name='wording',
            field=models.JSONField(blank=True, default=dict, help_text='What pages call each column and its values, and its unit.'),
        ),
        migrations.AlterField(
            model_name='shadowrun',
            name='batch',
            field=models.UUIDField(help_text='The id of the prediction whose customers it scored.', unique=True),
        ),
        migrations.AlterField(
            model_name='shadowrun',
            name='distribution',
            field=models.JSONField(help_text='For both versions: the threshold, and how many customers have which probability.', null=True),
        ),
        migrations.AlterField(
            model_name='shadowrun',
            name='mean_difference',
            field=models.FloatField(help_text='The mean absolute difference between the two probabilities.', null=True),
        ),
        migrations.AlterField(
            model_name='shadowrun',
            name='newly_leaving',
            field=models.BigIntegerField(help_text='Customers whom only the challenger names as leaving.', null=True),
        ),
        migrations.AlterField(
            model_name='shadowrun',
            name='newly_staying',
            field=models.BigIntegerField(help_text='Customers whom only the challenger does not name as leaving.', null=True),
        ),
        migrations.AlterField(
            model_name='shadowrun',
            name='population',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='shadow_runs', to='registry.population', verbose_name='customer base'),
        ),
    ]
