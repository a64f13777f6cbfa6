
import django.db.models.deletion
from django.db import migrations, models

class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0005_help_texts_say_what_a_field_is'),
        ('registry', '0023_the_ledger_is_called_so'),
        ('training', '0008_words_of_the_pages'),
    ]

    operations = [
        migrations.AddField(
            model_name='trainingrun',
            name='params',
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name='ModelSearch',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seconds', models.PositiveIntegerField(help_text='For all types together.')),
                ('weights', models.CharField(help_text='By which figures the types are ranked.', max_length=20)),
                ('matrix_path', models.CharField(help_text='Relative to the media folder.', max_length=255)),
                ('prepared', models.JSONField(help_text='How many customers are learned from, and their hash.', null=True)),
                ('ranking', models.JSONField(help_text='The types, the best first, and why.', null=True)),
                ('stopped_at', models.DateTimeField(null=True)),
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='model_search', to='jobs.job')),
                ('training', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='search', to='training.trainingrun')),
            ],
            options={
                'verbose_name_plural': 'model searches',
                'db_table': 'modelsearches',
            },
        ),
        migrations.CreateModel(
            name='SearchPart',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('result', models.JSONField(help_text='Parameters tried, and figures out of fold.', null=True)),
                ('job', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='search_part', to='jobs.job')),
                ('model_type', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.modeltype')),
                ('search', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='training.modelsearch')),
            ],
            options={
                'db_table': 'searchparts',
                'ordering': ('pk',),
                'constraints': [models.UniqueConstraint(fields=('search', 'model_type'), name='one_search_part_per_type')],
            },
        ),
    ]
