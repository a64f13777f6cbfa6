from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0022_words_of_the_pages'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='deploymentevent',
            options={'ordering': ('company', '-sequence'), 'verbose_name': 'line of the ledger', 'verbose_name_plural': 'ledger'},
        ),
        migrations.AlterModelOptions(
            name='modeldeployment',
            options={'ordering': ('id',), 'verbose_name': 'deployment'},
        ),
        migrations.AlterModelOptions(
            name='shadowrun',
            options={'ordering': ('-at', '-id'), 'verbose_name': 'run in the shadow', 'verbose_name_plural': 'runs in the shadow'},
        ),
    ]
