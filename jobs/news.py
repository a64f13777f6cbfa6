"""What every page says of work that its reader started and that ended meanwhile, wherever one is."""

from dataclasses import dataclass

from django.utils import timezone

from jobs.models import Job
from jobs.notices import WORDS, mark_seen
from jobs.pages import result_pages
from jobs.selectors import news_for

TONES = {Job.State.SUCCEEDED: "success", Job.State.FAILED: "error", Job.State.CANCELLED: "info"}


@dataclass(frozen=True)
class Ended:
    """A job that is over, and where that is read."""

    job: Job
    url: str

    @property
    def words(self) -> str:
        return WORDS[self.job.state]

    @property
    def tone(self) -> str:
        return TONES[self.job.state]


@dataclass(frozen=True)
class PageNews:
    """What one page says of the work of its reader; while some goes on it asks again."""

    ended: list[Ended]
    goes_on: bool
    page: str


def news_on(request, page: str) -> PageNews | None:
    """Return what the page at `page` tells its reader; what that page is about is seen with it."""
    member = getattr(request, "member", None)
    if member is None or not member.approved:
        return None
    at = timezone.now()
    found = news_for(member, at=at)
    urls = result_pages(member, found.ended)
    if here := [job for job in found.ended if urls[job.pk] == page]:
        mark_seen(jobs=here, by=member.account, at=at)
    elsewhere = [Ended(job, urls[job.pk]) for job in found.ended if urls[job.pk] != page]
    return PageNews(elsewhere, found.goes_on, page)
