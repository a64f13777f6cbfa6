"""The rows that every database of ours has from its beginning, and again after it was emptied."""

from django.db import connections

from registry.models import Gate, Population
from registry.services.ledger import put_up_gate
from registry.services.populations import put_up_telecom_base


def keep_first_rows(sender, using, **kwargs):
    """Put them up after a migration or a flush; the tables may be those of an earlier migration."""
    tables = connections[using].introspection.table_names()
    if Gate._meta.db_table in tables:
        put_up_gate(Gate.objects.using(using))
    if Population._meta.db_table in tables:
        put_up_telecom_base(Population.objects.using(using))
