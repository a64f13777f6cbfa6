from celery.signals import heartbeat_sent
from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self):
        from companies.frame import frame_sections
        from core.events import subscribe
        from core.standing import standings
        from jobs.clock import Heart
        from jobs.ends import JOB_ENDED
        from jobs.news import news_on
        from jobs.notices import write_about_end
        from jobs.standing import clock, failures, queue, workers

        frame_sections.add("jobs/_news.html", lambda request: news_on(request, request.path))
        heartbeat_sent.connect(Heart().beat, weak=False)
        subscribe(JOB_ENDED, name="jobs.mail", react=write_about_end)
        for order, stand in enumerate((workers, clock, queue, failures)):
            standings.add(f"jobs.{stand.__name__}", stand, order=10 + order)
