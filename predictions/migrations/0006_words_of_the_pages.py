import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('predictions', '0005_rows_have_the_defaults_of_the_database'),
        ('registry', '0022_words_of_the_pages'),
    ]

    operations = [
        migrations.AlterField(
            model_name='prediction',
            name='population',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='predictions', to='registry.population', verbose_name='customer base'),
        ),
    ]
