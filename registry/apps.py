from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "Models and data sets"

    def ready(self):
        from registry import receivers

        receivers.connect()
