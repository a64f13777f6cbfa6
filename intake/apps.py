from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "intake"
    verbose_name = "Files on their way in"

    def ready(self):
        from intake.services.owned_files import declare_files

        declare_files()
