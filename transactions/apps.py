from django.apps import AppConfig


class TransactionsConfig(AppConfig):
    name = "transactions"
    verbose_name = "purchase logs"

    def ready(self):
        from companies import home
        from transactions import receivers
        from transactions.selectors import home_section

        receivers.connect()
        home.add_section(template="transactions/_home.html", provide=home_section, order=20)
