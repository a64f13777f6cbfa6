"""How this installation stands, for whoever runs it: what is so, and where that is no good, what to do."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from health_check.exceptions import ServiceUnavailable

from core.faults import FilesAway
from core.figures import counted
from core.files.store import is_remote
from core.files.stored import MEDIA
from core.health import Broker, Disk, Events, Storage, Writing
from core.models import UntoldEvent
from core.sections import Sections

# Asked with the instant of the page; each part says one `Standing`.
standings = Sections()


@dataclass(frozen=True)
class Standing:
    """One thing that has to work.

    Parameters
    ----------
    name
        What it is, in a word or two.
    says
        How it stands: sentences.
    remedy
        What to do; empty where nothing is to be done.
    url, link
        Where, and the words of the link.
    """

    name: str
    says: str
    remedy: str = ""
    url: str = ""
    link: str = ""

    @property
    def is_well(self) -> bool:
        return not self.remedy


def complaint_of(check: Callable[[], None]) -> str | None:
    """Make a check of `/health` and return what it complains of; None where it is content."""
    try:
        check()
    except ServiceUnavailable as complaint:
        return str(complaint.message)
    return None


def checked(
    check: Callable[[], None],
    *,
    name: str,
    well: Callable[[], str],
    remedy: str,
    url: str = "",
    link: str = "",
) -> Standing:
    """Make a check of `/health`: what it complains of, with the remedy; else what is `well`."""
    complaint = complaint_of(check)
    return Standing(name, complaint or well(), remedy if complaint else "", url=url, link=link)


def disk(at: datetime) -> Standing:
    places = (settings.MEDIA_ROOT, settings.STATE_DIR)
    free = min(shutil.disk_usage(place).free for place in places)
    return checked(
        Disk().run,
        name="Disk",
        well=lambda: f"{in_gigabytes(free)} are free where data and state lie.",
        remedy="Make room, or give MEDIA_ROOT and STATE_DIR a larger disk: uploads and results are refused "
        "once nothing is left.",
    )


def in_gigabytes(size: int) -> str:
    """Write a size with three digits: 1,520 GB, 61.5 GB, 0.48 GB."""
    gigabytes = size / 1e9
    places = 0 if gigabytes >= 100 else 1 if gigabytes >= 10 else 2
    return f"{gigabytes:,.{places}f}\u202fGB"


def files(at: datetime) -> Standing:
    return checked(
        Writing().write_files,
        name="Files",
        well=lambda: "Files can be written where data, state and uploads lie.",
        remedy="See whether the disk is full, mounted read-only or closed to the account of the server.",
    )


def storage(at: datetime) -> Standing:
    return checked(
        Storage().run,
        name="Storage",
        well=lambda: (
            "Data sets, models and results lie in "
            + (
                "buckets, and their server answers."
                if is_remote(MEDIA)
                else "the media folder of this machine."
            )
        ),
        remedy=FilesAway.remedy,
    )


def messages(at: datetime) -> Standing:
    return checked(
        Broker().run,
        name="Messages",
        well=lambda: "Jobs can be handed to workers.",
        remedy="Start Redis again, or see that BROKER_DIR can be written to. Waiting jobs are handed over "
        "then.",
    )


def events(at: datetime, *, page: Callable[[], str]) -> Standing:
    """Say whether everybody hears of what happened; `page` returns where an operator finds who does not."""
    failing = complaint_of(Events().run) is not None
    waiting = UntoldEvent.objects.count()
    if not waiting:
        return Standing("Events", "Everything that happened has had its consequences.")
    says = f"{counted(waiting, 'event')} still {'waits' if waiting == 1 else 'wait'} to be told."
    if not failing:
        return Standing("Events", says, url=page(), link="Read which")
    remedy = "Read why it keeps failing, correct that, and send it again."
    return Standing("Events", says, remedy, url=page(), link="Events to be told")
