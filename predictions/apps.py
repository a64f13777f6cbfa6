from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    name = "predictions"
    verbose_name = "predictions"

    def ready(self):
        from companies.beginnings import add_beginning
        from companies.home import add_section
        from predictions.presenting.bases import latest_prediction, prediction_steps
        from predictions.presenting.beginnings import has_predicted, telecom_customers
        from predictions.presenting.home import home_section
        from predictions.selectors import analysis_section
        from predictions.services.owned_files import declare_files
        from registry.presenting import bases
        from transactions.presenting import sections

        declare_files()
        add_section(template="predictions/_home.html", provide=home_section, order=10)
        sections.add_section(template="predictions/_analysis.html", provide=analysis_section, order=20)
        add_beginning("telecom", order=10, provide=telecom_customers, has_begun=has_predicted)
        bases.add_steps(prediction_steps)
        bases.add_facts(latest_prediction)
