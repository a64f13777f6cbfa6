from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('transactions', '0007_logs_know_closed_days'),
    ]

    operations = [
        migrations.AddField(
            model_name='analysissession',
            name='days_between',
            field=models.JSONField(null=True),
        ),
    ]
