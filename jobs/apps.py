from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self):
        from core.events import subscribe
        from jobs.ends import JOB_ENDED
        from jobs.notices import write_about_end

        subscribe(JOB_ENDED, name="jobs.mail", react=write_about_end)
