"""What the registry does when something happened to a company: one service call each."""

from django.db import connections
from django.db.models.signals import post_delete, post_migrate, pre_delete
from django.utils import timezone

from companies.models import Company, Developer
from companies.signals import developer_approved
from registry.models import Gate, Population
from registry.services.initialisation import initialize_developer_environment
from registry.services.ledger import close_after_erasure, open_for_erasure, put_up_gate
from registry.services.populations import put_up_telecom_base


def set_up_developer(sender, developer_id, **kwargs):
    developer = (
        Developer.objects.select_related("company").filter(pk=developer_id, company__isnull=False).first()
    )
    # Where this fails the approval stands, the error is logged, and the next seed_defaults sets up who was
    # left out.
    if developer:
        initialize_developer_environment(developer=developer, at=timezone.now())


def let_ledger_go(sender, instance, **kwargs):
    # Both run within the transaction in which Django deletes the company and everything that points at it.
    open_for_erasure([instance.pk])


def close_ledger(sender, instance, **kwargs):
    close_after_erasure([instance.pk])


def keep_first_rows(sender, using, **kwargs):
    # Also after a flush. The tables may be those of an earlier migration.
    tables = connections[using].introspection.table_names()
    if Gate._meta.db_table in tables:
        put_up_gate(Gate.objects.using(using))
    if Population._meta.db_table in tables:
        put_up_telecom_base(Population.objects.using(using))


def connect(config):
    post_migrate.connect(keep_first_rows, sender=config, dispatch_uid="registry.keep_first_rows")
    pre_delete.connect(let_ledger_go, sender=Company, dispatch_uid="registry.let_ledger_go")
    post_delete.connect(close_ledger, sender=Company, dispatch_uid="registry.close_ledger")
    developer_approved.connect(set_up_developer, dispatch_uid="registry.set_up_developer")
