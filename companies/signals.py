"""What the floors above may want to know."""

from django.dispatch import Signal

# Sent after the commit with `developer_id`: somebody is the approved developer of a company from now on.
developer_approved = Signal()
