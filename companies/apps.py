from django.apps import AppConfig


class CompaniesConfig(AppConfig):
    name = "companies"
    verbose_name = "Companies and people"

    def ready(self):
        from companies import library_signals, portals
        from companies.events import COMPANY_ERASED
        from companies.services.erasure import erase_files_of_company
        from core.events import subscribe

        portals.register()
        library_signals.connect()
        subscribe(COMPANY_ERASED, name="companies.erase_files", react=erase_files_of_company)
