from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_health_writes_a_row'),
    ]

    operations = [
        migrations.AlterField(
            model_name='untoldevent',
            name='ids',
            field=models.JSONField(help_text='The ids of the rows that it is about, never their contents.'),
        ),
    ]
