"""The files that nobody has accepted yet: in the waiting room of this machine, and kept for all machines."""

from core.files.owners import ABANDONED_AFTER, Owner, Scratch, declare, declare_scratch
from core.files.stored import MEDIA
from intake.services.waiting import KEPT_FOLDER, KEPT_FOR, waiting_room


def declare_files() -> None:
    # A slow line may take longer than an hour for what is made in a folder there.
    declare_scratch(
        "waiting room", Scratch(waiting_room, files_after=KEPT_FOR, folders_after=ABANDONED_AFTER)
    )
    declare(
        "kept uploads",
        Owner(
            bucket=MEDIA,
            prefixes=(f"{KEPT_FOLDER}/",),
            in_use=lambda names: set(),
            abandoned_after=KEPT_FOR,
        ),
    )
