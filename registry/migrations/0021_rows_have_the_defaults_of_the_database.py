"""The database itself says when a row was made, as in the first product: other programs may leave that out."""

from importlib import import_module

import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models

guards = import_module("registry.migrations.0020_no_line_is_replaced")


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0020_no_line_is_replaced'),
    ]

    operations = [
        migrations.RunPython(guards.remove_guards, guards.install_guards, atomic=False),
        migrations.AlterField(
            model_name='dataset',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now),
        ),
        migrations.AlterField(
            model_name='modeldeployment',
            name='deployed_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now),
        ),
        migrations.AlterField(
            model_name='modelmetrics',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='updated_at',
            field=models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.RunPython(guards.install_guards, guards.remove_guards, atomic=False),
    ]
