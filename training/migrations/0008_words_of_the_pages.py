import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0022_words_of_the_pages'),
        ('training', '0007_trainings_have_what_their_kind_has'),
    ]

    operations = [
        migrations.AlterField(
            model_name='trainingrun',
            name='population',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='training_runs', to='registry.population', verbose_name='customer base'),
        ),
    ]
