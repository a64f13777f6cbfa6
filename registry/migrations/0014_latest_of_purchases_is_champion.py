"""What served purchases without being deployed is the champion of its base, and stands in the ledger."""

from django.db import migrations
from django.utils import timezone

REASON = "It served until now: the latest model of these purchases that was trained."


def deploy_latest(apps, schema_editor):
    bases = apps.get_model("registry", "Population").objects.filter(kind="LOG", company__isnull=False)
    for base in bases.order_by("pk"):
        _deploy_latest(apps, base)


def _deploy_latest(apps, base):
    deployments = apps.get_model("registry", "ModelDeployment").objects
    events = apps.get_model("registry", "DeploymentEvent").objects
    versions = apps.get_model("registry", "ModelVersion").objects
    version = versions.filter(population=base, state="READY").order_by("-created_at", "-pk").first()
    if version is None or deployments.filter(population=base, active_slot=True).exists():
        return
    latest = events.filter(company_id=base.company_id).order_by("-sequence").first()
    # In a ledger time never runs backwards.
    at = max(timezone.now(), latest.at) if latest else timezone.now()
    row = deployments.create(
        company_id=base.company_id, population=base, model=version, role="CHAMPION", is_active=True,
        active_slot=True, champion_slot=True, deployed_at=at, reason=REASON,
    )
    events.create(
        company_id=base.company_id, population=base, sequence=latest.sequence + 1 if latest else 1,
        action="DEPLOYED", version=version, deployment=row, role="CHAMPION", reason=REASON,
        actor_name="the installation", at=at,
    )


class Migration(migrations.Migration):

    dependencies = [
        ("registry", "0013_unique_per_company_and_base"),
    ]

    operations = [
        # On the way back, 0013 ends what serves the bases of companies; the ledger keeps what it says.
        migrations.RunPython(deploy_latest, migrations.RunPython.noop),
    ]
