from django.core.management import CommandError
from django.core.management.commands import flush
from django.db import connections

from registry.models import DeploymentEvent, LedgerErasure


class Command(flush.Command):
    help = flush.Command.help + " The ledger of deployments goes as well, which nothing else removes."

    def handle(self, **options):
        name = connections[options["database"]].settings_dict["NAME"]
        if options["interactive"] and input(f"Remove all data from {name!r}? Type 'yes': ") != "yes":
            raise CommandError("Nothing was removed.")
        self._erase_ledger(options["database"])
        super().handle(**options | {"interactive": False})

    def _erase_ledger(self, database):
        if DeploymentEvent._meta.db_table not in connections[database].introspection.table_names():
            return
        # The tables are emptied in any order, so the ledger goes first, while it is allowed to.
        lines = DeploymentEvent._base_manager.using(database)
        companies = lines.order_by().values_list("company_id", flat=True).distinct()
        LedgerErasure.objects.using(database).bulk_create(
            [LedgerErasure(company_id=company) for company in companies], ignore_conflicts=True
        )
        lines.all()._raw_delete(database)
