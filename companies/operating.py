"""The operator's home: how the installation stands, who is served by what, what waits; then every table."""

from django.contrib.admin import AdminSite
from django.utils import timezone

from core.sections import Sections
from core.standing import standings

# What the floors above put below the state; each is asked with the instant of the page.
operator_sections = Sections()

# What an operator comes for stands first: models, how they were made and used, then people. The libraries'
# own tables, of groups and of failed logins, are seldom looked for.
FIRST = ("registry", "training", "predictions", "transactions", "jobs", "companies", "core")
LAST = ("axes", "auth")
# As the libraries call themselves, nobody finds them.
NAMES = {"axes": "Logins", "auth": "Groups"}


class OperatorSite(AdminSite):
    """The admin, beginning with what is to be done."""

    site_header = site_title = "Churn Buster"
    index_title = "How the installation stands"
    index_template = "companies/operator_home.html"
    # Beside a list and its filters there is no room for a third column; the first page has every list.
    enable_nav_sidebar = False

    def index(self, request, extra_context=None):
        # Whoever may read none of the lists reads no summary of them either.
        if not request.user.has_perm("companies.view_company"):
            return super().index(request, extra_context)
        at = timezone.now()
        stand = standings.contents(at)
        told = {
            # What asks for somebody comes first; the rest keeps its order.
            "standings": sorted(stand, key=lambda standing: standing.is_well),
            "to_do": sum(not standing.is_well for standing in stand),
            "operator_sections": operator_sections.for_page(at),
        }
        return super().index(request, told | (extra_context or {}))

    def get_app_list(self, request, app_label=None):
        apps = super().get_app_list(request, app_label)
        for app in apps:
            app["name"] = NAMES.get(app["app_label"], app["name"])
        return sorted(apps, key=_place)


def _place(app):
    order = [*FIRST, None, *LAST]
    label = app["app_label"]
    return order.index(label if label in order else None)
