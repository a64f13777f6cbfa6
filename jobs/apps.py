from celery.signals import heartbeat_sent
from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self):
        from core.events import subscribe
        from core.standing import standings
        from jobs.clock import Heart
        from jobs.ends import JOB_ENDED
        from jobs.notices import write_about_end
        from jobs.standing import clock, failures, queue, workers

        heartbeat_sent.connect(Heart().beat, weak=False)
        subscribe(JOB_ENDED, name="jobs.mail", react=write_about_end)
        for order, stand in enumerate((workers, clock, queue, failures)):
            standings.add(f"jobs.{stand.__name__}", stand, order=10 + order)
