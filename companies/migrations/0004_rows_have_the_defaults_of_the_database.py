import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('companies', '0003_audit_log_held_by_triggers'),
    ]

    operations = [
        migrations.AlterField(
            model_name='account',
            name='email_verified',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name='account',
            name='registration_date',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False),
        ),
        migrations.AlterField(
            model_name='company',
            name='email_verified',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name='company',
            name='registration_date',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False),
        ),
    ]
