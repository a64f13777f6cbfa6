"""What the floors above may want to know (see `core.events`)."""

# `developer_id`: somebody is the approved developer of a company from now on.
DEVELOPER_APPROVED = "developer-approved"
# `id` and `uuid` of a company whose rows are gone.
COMPANY_ERASED = "company-erased"
