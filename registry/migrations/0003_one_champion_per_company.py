"""A deployment has a role, a reason and an actor; a company has one champion at most."""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

guards = import_module("registry.migrations.0002_no_deployment_across_companies")


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0002_no_deployment_across_companies'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(guards.remove_guards, guards.install_guards, atomic=False),
        migrations.AddField(
            model_name='modeldeployment',
            name='actor',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='modeldeployment',
            name='actor_name',
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name='modeldeployment',
            name='champion_slot',
            field=models.BooleanField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='modeldeployment',
            name='reason',
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name='modeldeployment',
            name='replaces',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='registry.modeldeployment'),
        ),
        migrations.AddField(
            model_name='modeldeployment',
            name='role',
            field=models.CharField(choices=[('CHAMPION', 'Champion: chosen unless somebody chooses another'), ('ALTERNATIVE', 'Alternative: offered beside the champion')], default='ALTERNATIVE', max_length=12),
        ),
        migrations.AddConstraint(
            model_name='modeldeployment',
            constraint=models.UniqueConstraint(fields=('company', 'champion_slot'), name='one_champion'),
        ),
        migrations.AddConstraint(
            model_name='modeldeployment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('active_slot__isnull', False), ('champion_slot', True), ('champion_slot__isnull', False), ('role', 'CHAMPION')), models.Q(('active_slot__isnull', True), ('champion_slot__isnull', True), ('role', 'CHAMPION')), models.Q(('champion_slot__isnull', True), ('role', 'ALTERNATIVE')), _connector='OR'), name='champion_holds_its_slot'),
        ),
        migrations.RunPython(guards.install_guards, guards.remove_guards, atomic=False),
    ]
