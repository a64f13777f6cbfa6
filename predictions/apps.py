from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    name = "predictions"
    verbose_name = "predictions"

    def ready(self):
        from companies.beginnings import add_beginning
        from companies.home import for_developers, home_sections
        from companies.identity import Role
        from companies.models import Scope
        from companies.navigation import add_page
        from intake.services.belonging import CUSTOMERS, RESULT, doors
        from jobs.accounts import accounts_of_rows
        from jobs.pages import pages_of_jobs
        from jobs.rights import let_start
        from predictions.api.rows import accounts_of_jobs
        from predictions.presenting.bases import latest_prediction, prediction_steps
        from predictions.presenting.beginnings import telecom_customers
        from predictions.presenting.links import (
            changed_sides_link,
            customers_door,
            pages_of_predictions,
            predict_link,
            result_page,
            results_door,
            score_link,
            scores_tab,
        )
        from predictions.presenting.sections import analysis_section, home_section, outcomes_section
        from predictions.selectors import has_predicted
        from predictions.services.owned_files import declare_files
        from registry.presenting import links
        from registry.presenting.bases import base_facts, base_steps
        from transactions.presenting.sections import log_actions, log_sections, log_tabs

        declare_files()
        for task in ("predictions.score", "predictions.score_log"):
            let_start(task, roles=Role, scopes=(Scope.PREDICT,))
        doors[RESULT] = results_door
        doors[CUSTOMERS] = customers_door
        add_page("Predict", "predictions:new", order=20)
        add_page("History", "predictions:history", order=30)
        # Before what the suggested version did on customers who may be invented.
        home_sections.add("predictions/_home_outcomes.html", for_developers(outcomes_section), order=4)
        home_sections.add("predictions/_home.html", home_section, order=10)
        log_sections.add("predictions/_analysis.html", analysis_section, order=20)
        log_tabs.add("scores", scores_tab, order=60)
        add_beginning("telecom", order=10, provide=telecom_customers, has_begun=has_predicted)
        base_steps.add("predictions", prediction_steps)
        base_facts.add("predictions", latest_prediction)
        links.base_actions.add("predictions", predict_link)
        links.run_pages.add("predictions", result_page)
        links.run_files.add("predictions", changed_sides_link)
        log_actions.add("predictions", score_link)
        accounts_of_rows.add("predictions", accounts_of_jobs)
        pages_of_jobs.add("predictions", pages_of_predictions)
