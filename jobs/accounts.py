"""What became of the rows of the file that a job reads: said by who queues it, for jobs know no files."""

from collections.abc import Iterable

from core.sections import Sections
from jobs.models import Job

# Each part is asked with the request and the jobs, and returns the accounts of those it knows, by their ids,
# as its own interface tells them to whoever asks.
accounts_of_rows = Sections()


def rows_read_for(request, jobs: Iterable[Job]) -> dict:
    """Return the account of the rows of each of these jobs that reads a file, by its id."""
    jobs = list(jobs)
    found = {}
    for accounts in accounts_of_rows.contents(request, jobs) if jobs else ():
        found |= accounts
    return found
