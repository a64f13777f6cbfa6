"""A file that was given as a purchase log and is none leaves the logs, and waits to be sent on."""

import shutil
import uuid
from datetime import datetime

from companies.identity import Member
from core.errors import Conflict, DomainError
from core.files.store import local_copy
from core.files.stored import DATASETS
from intake.services.waiting import WaitingUpload, keep, waiting_room
from transactions.models import AnalysisSession
from transactions.services.deletion import delete_analysis


class NoSuchDoor(DomainError):
    code = "no-such-door"


class LogWasRead(Conflict):
    code = "log-was-read"


def hand_over(*, analysis: AnalysisSession, member: Member, at: datetime) -> str:
    """Delete a log that nobody has read yet; return the token by which `member` goes on with its file.

    Raises
    ------
    transactions.services.deletion.NotYourLog
        A colleague sent it.
    LogWasRead
        Something may have been made of it: it is deleted by hand.
    """
    if analysis.is_ready or analysis.job_id is not None:
        raise LogWasRead(
            f"“{analysis}” was read as a purchase log. Download its file, take it along, and delete the log."
        )
    raw = analysis.dataset
    waiting = WaitingUpload(path=waiting_room() / f"upload-{uuid.uuid4()}", name=raw.original_filename)
    try:
        with local_copy(DATASETS, raw.file_path) as copy:
            shutil.copyfile(copy, waiting.path)
        delete_analysis(analysis=analysis, typed=raw.name, by=member, at=at)
        return keep(waiting, member=member)
    except BaseException:
        waiting.remove()
        raise
