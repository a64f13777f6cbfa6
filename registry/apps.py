from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "Models and data sets"

    def ready(self):
        from companies.home import add_section
        from companies.portals import DEVELOPERS
        from registry import receivers
        from registry.presenting import bases
        from registry.selectors import home_section
        from registry.services.owned_files import declare_files

        receivers.connect(self)
        declare_files()
        add_section(template="registry/_home.html", provide=home_section, order=5, portals=(DEVELOPERS,))
        add_section(template="registry/_home_bases.html", provide=bases.home_section, order=3)
        bases.add_steps(bases.deploy_step)
