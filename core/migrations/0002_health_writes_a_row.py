from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0001_keep_events_until_told'),
    ]

    operations = [
        migrations.CreateModel(
            name='HealthMark',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('written_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'healthmarks',
            },
        ),
    ]
