from django.contrib.admin.apps import AdminConfig


class OperatorAdminConfig(AdminConfig):
    """Django's admin with our own first page."""

    default = False
    default_site = "companies.operating.OperatorSite"
