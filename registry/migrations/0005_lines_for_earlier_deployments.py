"""Deployments from before the ledger get their lines, in the order in which things happened."""

from django.db import migrations

BEFORE = "From before the ledger was kept."


def write_lines(apps, schema_editor):
    deployments = apps.get_model("registry", "ModelDeployment").objects
    events = apps.get_model("registry", "DeploymentEvent").objects
    if events.exists():
        return
    changes = []
    for row in deployments.select_related("deployed_by__account").order_by("id").iterator():
        account = row.deployed_by.account if row.deployed_by else None
        name = (account.name or account.email) if account else "the installation"
        changes.append((row.company_id, row.deployed_at, row.pk, "DEPLOYED", row, account, name))
        if row.deactivated_at:
            changes.append((row.company_id, row.deactivated_at, row.pk, "WITHDRAWN", row, None, "not recorded"))
    changes.sort(key=lambda change: change[:3])
    company, sequence = None, 0
    for company_id, at, _, action, row, account, name in changes:
        company, sequence = company_id, sequence + 1 if company_id == company else 1
        events.create(
            company_id=company_id, sequence=sequence, action=action, version_id=row.model_id, deployment=row,
            role=row.role, reason=BEFORE, actor=account, actor_name=name, at=at,
        )


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0004_ledger_of_deployments'),
    ]

    operations = [
        # Going back drops the table with its lines.
        migrations.RunPython(write_lines, migrations.RunPython.noop),
    ]
