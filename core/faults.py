"""What fails below us: a disk that is full or cannot be written, a database that is busy or away.

Nobody who reads it did anything wrong, and nobody but the operator can mend it: so they are told which it is.
"""

import errno
import os
import re

from django.conf import settings
from django.db import Error as DatabaseError

from core.errors import DomainError
from sandbox.child import ChildLost

LOOK = "What you sent may not have been saved: look before you send it again."


class StorageFull(DomainError):
    code = "storage-full"
    http_status = 507

    def __init__(self):
        super().__init__(
            f"The disk of this installation is full. {LOOK} The operator has to make room first."
        )


class StorageFails(DomainError):
    code = "storage-fails"
    http_status = 503

    def __init__(self):
        super().__init__(
            f"The disk of this installation cannot be written to. {LOOK} Tell the operator if it stays so."
        )


class DatabaseBusy(DomainError):
    code = "database-busy"
    http_status = 503

    def __init__(self):
        super().__init__(
            f"The database is busy with other work and did not answer in time. {LOOK} Try again in a minute."
        )


class DatabaseAway(DomainError):
    code = "database-away"
    http_status = 503

    def __init__(self):
        super().__init__(f"The database does not answer. {LOOK} Tell the operator if it stays so.")


class FilesAway(DomainError):
    """Where files lie cannot be reached now; whether they are as they were, nobody knows before it can."""

    code = "storage-fails"
    http_status = 503
    # For whoever runs the installation.
    remedy = (
        "Mount the volume again, or see that STORAGE_URL is right and the server runs. Where it is to be "
        "empty, make it anew: manage.py make_buckets. What it held then counts as gone."
    )

    def __init__(self):
        super().__init__(
            "The files of this installation cannot be reached at the moment. Try again in a minute, and tell "
            "the operator if it stays so."
        )


class WorkLost(DomainError):
    code = "worker-lost"
    http_status = 503

    def __init__(self):
        super().__init__(
            "The process that worked on this was ended from outside, most often because the memory of the "
            "machine ran out. Try again in a minute, and tell the operator if it stays so."
        )


FILES = {
    errno.ENOSPC: StorageFull,
    errno.EDQUOT: StorageFull,
    errno.EROFS: StorageFails,
    errno.EIO: StorageFails,
    errno.EACCES: StorageFails,
    errno.EPERM: StorageFails,
}
# What a server of files, or a volume of one, answers where it does not answer. Said of a connection, most
# of it has to do with no file.
VOLUMES = {errno.ESTALE, errno.ENOTCONN, errno.ENODEV, errno.ENXIO, errno.ETIMEDOUT, errno.EHOSTDOWN}
# https://www.sqlite.org/rescode.html: the lowest eight bits.
SQLITE = {
    5: DatabaseBusy,  # SQLITE_BUSY
    6: DatabaseBusy,  # SQLITE_LOCKED
    8: StorageFails,  # SQLITE_READONLY
    10: StorageFails,  # SQLITE_IOERR
    13: StorageFull,  # SQLITE_FULL
    14: DatabaseAway,  # SQLITE_CANTOPEN
}
# https://mariadb.com/kb/en/mariadb-error-codes/
MARIADB = {
    1021: StorageFull,  # ER_DISK_FULL
    1114: StorageFull,  # ER_RECORD_FILE_FULL
    1036: StorageFails,  # ER_OPEN_AS_READONLY
    1290: StorageFails,  # ER_OPTION_PREVENTS_STATEMENT: --read-only
    1205: DatabaseBusy,  # ER_LOCK_WAIT_TIMEOUT
    1213: DatabaseBusy,  # ER_LOCK_DEADLOCK
    1040: DatabaseBusy,  # ER_CON_COUNT_ERROR
    1053: DatabaseAway,  # ER_SERVER_SHUTDOWN
    2002: DatabaseAway,  # CR_CONNECTION_ERROR
    2003: DatabaseAway,  # CR_CONN_HOST_ERROR
    2006: DatabaseAway,  # CR_SERVER_GONE_ERROR
    2013: DatabaseAway,  # CR_SERVER_LOST
}
# Libraries that keep no number leave words: numpy of a write that was cut short, DuckDB of what it would have
# put aside.
WORDS = (
    (r"\d+ requested and \d+ written|failed to offload data block", StorageFull),
    *(
        (re.escape(os.strerror(number)), FILES[number])
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
    ),
)


# A child that could not read a stored file leaves words alone; whether it is gone, another attempt finds
# out, which asks before it begins.
UNREADABLE = "|".join(
    [
        *(re.escape(os.strerror(number)) for number in (errno.ENOENT, errno.ESTALE)),
        "No files found that match",
    ]
)


def fault_of(error: BaseException | None) -> DomainError | None:
    """Return what failed below us, where `error` or what it came from says so; None for any other error."""
    while error is not None:
        if found := _kind_of(error):
            return found()
        error = error.__cause__ or error.__context__
    return None


def _kind_of(error):
    if isinstance(error, DatabaseError):
        code = getattr(error.__cause__, "sqlite_errorcode", None)
        if code is not None:
            return SQLITE.get(code & 0xFF)
        return MARIADB.get(error.args[0]) if error.args else None
    if isinstance(error, OSError) and error.errno is not None:
        is_of_volume = error.filename is not None and error.errno in VOLUMES
        return FilesAway if is_of_volume else FILES.get(error.errno)
    if isinstance(error, FilesAway):
        return FilesAway
    if isinstance(error, ChildLost):
        return WorkLost
    return None if isinstance(error, DomainError) else _told_in(str(error))


def _told_in(words):
    if re.search(UNREADABLE, words) and str(settings.MEDIA_ROOT) in words:
        return FilesAway
    return next((kind for said, kind in WORDS if re.search(said, words)), None)
