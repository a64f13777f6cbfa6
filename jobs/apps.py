from celery.signals import heartbeat_sent
from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self):
        from jobs.clock import Heart

        heartbeat_sent.connect(Heart().beat, weak=False)
