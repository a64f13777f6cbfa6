from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "Models and data sets"

    def ready(self):
        from companies.events import DEVELOPER_APPROVED
        from companies.home import for_developers, home_sections
        from companies.navigation import add_page
        from companies.operating import operator_sections
        from companies.portals import DEVELOPERS
        from companies.services.erasure import accompany
        from core.events import subscribe
        from core.standing import standings
        from registry.presenting import bases
        from registry.presenting.standing import serving_section, versions
        from registry.services.alerts import VERSION_DAMAGED, write_to_operator
        from registry.services.first_rows import keep_first_rows
        from registry.services.initialisation import set_up_developer
        from registry.services.ledger import let_lines_go
        from registry.services.owned_files import declare_files

        post_migrate.connect(keep_first_rows, sender=self, dispatch_uid="registry.keep_first_rows")
        subscribe(DEVELOPER_APPROVED, name="registry.set_up_developer", react=set_up_developer)
        subscribe(VERSION_DAMAGED, name="registry.write_to_operator", react=write_to_operator)
        accompany("the ledger", let_lines_go)
        declare_files()
        add_page("Customer bases", "registry:bases", order=40)
        add_page("Models", "registry:models", order=60, group="Models")
        add_page("Ledger", "registry:ledger", order=90, portals=(DEVELOPERS,), group="Models")
        home_sections.add("registry/_home_bases.html", bases.home_section, order=3)
        home_sections.add("registry/_home.html", for_developers(bases.suggested_section), order=5)
        bases.base_steps.add("registry", bases.deploy_step)
        standings.add("versions", versions, order=20)
        operator_sections.add("registry/_operator_serving.html", serving_section, order=10)
