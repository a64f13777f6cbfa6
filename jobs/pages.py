"""Where the result of a job is read: said by who queues it, for jobs know no such pages."""

from collections.abc import Iterable
from uuid import UUID

from django.urls import reverse

from companies.identity import Member
from core.sections import Sections
from jobs.models import Job

# Each part is asked with the member and the jobs, and returns the addresses of those it knows, by their ids.
pages_of_jobs = Sections()


def result_pages(member: Member, jobs: Iterable[Job]) -> dict[UUID, str]:
    """Return the address of the result of each job, by its id; that of the job where nobody knows another."""
    jobs = list(jobs)
    found = {
        job.pk: reverse("jobs:progress", kwargs={"portal": member.portal, "job_id": job.pk}) for job in jobs
    }
    for pages in pages_of_jobs.contents(member, jobs) if jobs else ():
        found |= pages
    return found
