from django.apps import AppConfig


class TransactionsConfig(AppConfig):
    name = "transactions"
    verbose_name = "purchase logs"

    def ready(self):
        from companies import home
        from transactions.selectors import home_section
        from transactions.services.owned_files import declare_files

        declare_files()
        home.add_section(template="transactions/_home.html", provide=home_section, order=20)
