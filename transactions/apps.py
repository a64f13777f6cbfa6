from django.apps import AppConfig


class TransactionsConfig(AppConfig):
    name = "transactions"
    verbose_name = "purchase logs"

    def ready(self):
        from companies.beginnings import add_beginning
        from companies.home import home_sections
        from companies.identity import Role
        from companies.models import Scope
        from companies.navigation import add_page
        from intake.services.belonging import PURCHASE_LOG, doors
        from jobs.accounts import accounts_of_rows
        from jobs.pages import pages_of_jobs
        from jobs.rights import let_start
        from registry.presenting.bases import base_steps
        from registry.presenting.links import table_pages
        from transactions.api.rows import accounts_of_jobs
        from transactions.presenting.bases import log_steps
        from transactions.presenting.beginnings import purchases
        from transactions.presenting.home import home_section
        from transactions.presenting.links import log_door, log_page, pages_of_logs
        from transactions.selectors import has_logs
        from transactions.services.owned_files import declare_files

        declare_files()
        let_start("transactions.import", roles=Role, scopes=(Scope.PREDICT, Scope.TRAIN))
        for task in ("transactions.features", "transactions.features_when_read"):
            let_start(task, roles=Role, scopes=(Scope.TRAIN,))
        doors[PURCHASE_LOG] = log_door
        add_page("Purchase logs", "transactions:analyses", order=50)
        home_sections.add("transactions/_home.html", home_section, order=20)
        add_beginning("purchases", order=30, provide=purchases, has_begun=has_logs)
        base_steps.add("transactions", log_steps)
        table_pages.add("transactions", log_page)
        accounts_of_rows.add("transactions", accounts_of_jobs)
        pages_of_jobs.add("transactions", pages_of_logs)
