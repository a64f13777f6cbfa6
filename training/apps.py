from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"

    def ready(self):
        from companies import home
        from companies.beginnings import add_beginning
        from companies.portals import DEVELOPERS
        from registry.presenting import bases, cards, comparisons
        from training.presenting.bases import training_steps
        from training.presenting.beginnings import has_trained, own_customers
        from training.presenting.comparisons import comparison_on_same_customers
        from training.presenting.sections import analysis_section, card_section, home_section, log_section
        from training.services.owned_files import declare_files
        from transactions.presenting import sections

        declare_files()

        cards.add_section(template="training/_card.html", provide=card_section)
        cards.add_section(template="training/_log_card.html", provide=log_section)
        sections.add_section(template="training/_analysis.html", provide=analysis_section, order=10)
        home.add_section(template="training/_home.html", provide=home_section, order=7, portals=(DEVELOPERS,))
        bases.add_steps(training_steps)
        comparisons.add_comparisons(comparison_on_same_customers)
        add_beginning("own", order=20, provide=own_customers, has_begun=has_trained)
