from django.apps import AppConfig


class CompaniesConfig(AppConfig):
    name = "companies"
    verbose_name = "Companies and people"

    def ready(self):
        from companies import portals, receivers

        portals.register()
        receivers.connect()
