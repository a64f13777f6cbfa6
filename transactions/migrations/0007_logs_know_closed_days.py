from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('transactions', '0006_words_of_the_pages'),
    ]

    operations = [
        migrations.AddField(
            model_name='analysissession',
            name='closed_days',
            field=models.JSONField(null=True),
        ),
    ]
