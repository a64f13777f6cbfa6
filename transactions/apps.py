from django.apps import AppConfig


class TransactionsConfig(AppConfig):
    name = "transactions"
    verbose_name = "purchase logs"

    def ready(self):
        from transactions import receivers

        receivers.connect()
