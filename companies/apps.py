from django.apps import AppConfig


class CompaniesConfig(AppConfig):
    name = "companies"
    verbose_name = "Companies and people"

    def ready(self):
        from companies import library_signals, portals
        from companies.events import COMPANY_ERASED
        from companies.first_call import how_to_call
        from companies.navigation import add_page
        from companies.operating import operator_sections
        from companies.portals import DEVELOPERS
        from companies.services.erasure import erase_files_of_company
        from companies.standing import mails, untold, waiting_section
        from core import standing
        from core.api_docs import introductions
        from core.events import subscribe

        portals.register()
        library_signals.connect()
        add_page("Home", "companies:home", order=10)
        add_page("People", "companies:people", order=100, portals=(DEVELOPERS,), group="Company")
        add_page("API keys", "companies:api_keys", order=110, portals=(DEVELOPERS,), group="Company")
        add_page("Settings", "companies:settings", order=120, portals=(DEVELOPERS,), group="Company")
        introductions.add("companies/_how_to_call.html", how_to_call, order=10)
        subscribe(COMPANY_ERASED, name="companies.erase_files", react=erase_files_of_company)
        for order, stand in enumerate((standing.disk, standing.storage, standing.files, standing.messages)):
            standing.standings.add(stand.__name__, stand, order=50 + order)
        standing.standings.add("mails", mails, order=60)
        standing.standings.add("events", untold, order=70)
        operator_sections.add("companies/_operator_waiting.html", waiting_section, order=30)
