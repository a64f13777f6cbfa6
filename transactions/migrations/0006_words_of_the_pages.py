import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0022_words_of_the_pages'),
        ('transactions', '0005_operators_read_their_names'),
    ]

    operations = [
        migrations.AlterField(
            model_name='analysissession',
            name='population',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='analyses', to='registry.population', verbose_name='customer base'),
        ),
    ]
