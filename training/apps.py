from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"

    def ready(self):
        from companies.beginnings import add_beginning
        from companies.home import for_developers, home_sections
        from companies.identity import Role
        from companies.models import Scope
        from companies.navigation import add_page
        from companies.operating import operator_sections
        from companies.portals import DEVELOPERS
        from core.standing import standings
        from intake.services.belonging import FEATURES, OUTCOMES, doors
        from jobs.accounts import accounts_of_rows
        from jobs.pages import pages_of_jobs
        from jobs.rights import let_start
        from registry.presenting import links
        from registry.presenting.bases import base_steps
        from registry.presenting.cards import card_sections
        from registry.presenting.comparisons import bases_of_figures, comparisons, verdicts
        from training.api.rows import accounts_of_jobs
        from training.presenting.bases import training_steps
        from training.presenting.beginnings import has_trained, own_customers
        from training.presenting.comparisons import (
            bases_of_log_figures,
            comparison_on_same_customers,
            verdicts_beside_champion,
        )
        from training.presenting.links import (
            features_door,
            model_tab,
            outcomes_door,
            own_table_link,
            pages_of_trainings,
            table_page,
        )
        from training.presenting.sections import analysis_section, card_section, home_section, log_section
        from training.presenting.standing import trainings, trainings_section
        from training.services.owned_files import declare_files
        from transactions.presenting.sections import log_sections, log_tabs

        declare_files()
        # A version is rebuilt by operators alone, so nobody is named for that.
        for task in (
            "training.retrain",
            "training.prepare_search",
            "training.try_type",
            "training.learn_features",
        ):
            let_start(task, roles=(Role.DEVELOPER,), scopes=(Scope.TRAIN,))

        doors[OUTCOMES] = outcomes_door
        doors[FEATURES] = features_door
        add_page("Retrain", "training:new", order=70, portals=(DEVELOPERS,), group="Models")
        add_page("Data sets", "training:datasets", order=80, portals=(DEVELOPERS,), group="Models")
        card_sections.add("training/_card.html", card_section)
        card_sections.add("training/_log_card.html", log_section)
        log_sections.add("training/_analysis.html", analysis_section, order=10)
        home_sections.add("training/_home.html", for_developers(home_section), order=7)
        base_steps.add("training", training_steps)
        comparisons.add("training", comparison_on_same_customers)
        verdicts.add("training", verdicts_beside_champion)
        bases_of_figures.add("training", bases_of_log_figures)
        add_beginning("own", order=20, provide=own_customers, has_begun=has_trained)
        links.table_pages.add("training", table_page)
        links.doors_for_tables.add("training", own_table_link)
        log_tabs.add("model", model_tab)
        accounts_of_rows.add("training", accounts_of_jobs)
        pages_of_jobs.add("training", pages_of_trainings)
        standings.add("trainings", trainings, order=30)
        operator_sections.add("training/_operator_trainings.html", trainings_section, order=20)
