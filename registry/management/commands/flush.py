from django.core.management import CommandError
from django.core.management.commands import flush
from django.db import connections

from companies.models import AuditErasure, AuditEvent
from registry.models import DeploymentEvent, LedgerErasure


class Command(flush.Command):
    help = (
        flush.Command.help
        + " The ledger of deployments and the audit log go as well, which nothing else removes."
    )

    def handle(self, **options):
        name = connections[options["database"]].settings_dict["NAME"]
        if options["interactive"] and input(f"Remove all data from {name!r}? Type 'yes': ") != "yes":
            raise CommandError("Nothing was removed.")
        # The tables are emptied in any order, so what is guarded goes first, while it is allowed to.
        for rows, erasures in ((DeploymentEvent, LedgerErasure), (AuditEvent, AuditErasure)):
            _erase(rows, erasures, options["database"])
        super().handle(**options | {"interactive": False})


def _erase(rows, erasures, database):
    if erasures._meta.db_table not in connections[database].introspection.table_names():
        return
    lines = rows._base_manager.using(database)
    companies = lines.order_by().values_list("company_id", flat=True).distinct()
    erasures.objects.using(database).bulk_create(
        # Some rows of the audit log belong to no company.
        [erasures(company_id=company or "") for company in companies],
        ignore_conflicts=True,
    )
    lines.all()._raw_delete(database)
