from companies.models import Company
from jobs.models import Job


def jobs_of(company: Company):
    """Return every job of `company`, latest first, with who started it."""
    return company.jobs.select_related("account")


def some_worker_is_busy(*, at) -> bool:
    """Whether some worker holds a lease that it renewed recently."""
    return Job.objects.filter(state=Job.State.RUNNING, lease_until__gte=at).exists()
