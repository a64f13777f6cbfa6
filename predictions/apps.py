from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    name = "predictions"
    verbose_name = "predictions"

    def ready(self):
        from companies.home import add_section
        from predictions.presenting.home import home_section
        from predictions.selectors import analysis_section
        from predictions.services.owned_files import declare_files
        from transactions.presenting import sections

        declare_files()
        add_section(template="predictions/_home.html", provide=home_section, order=10)
        sections.add_section(template="predictions/_analysis.html", provide=analysis_section, order=20)
