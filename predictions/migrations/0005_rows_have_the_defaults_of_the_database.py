import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('predictions', '0004_prediction_names_its_base'),
    ]

    operations = [
        migrations.AlterField(
            model_name='prediction',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), db_index=True, default=django.utils.timezone.now),
        ),
    ]
