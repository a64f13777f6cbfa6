"""What a command says of the rows of its file, as pages and the API do."""

from collections.abc import Iterator

from core.files.media import readable_path
from intake.services.stored import rejects_of
from tabular.errors import counted


def say_account(read: dict, *, upload: str, with_remarks: bool = True) -> Iterator[str]:
    """Yield what became of the rows, what should be known of the file, and where those left out are listed.

    Parameters
    ----------
    read
        What a run remembers of its file (`intake.services.checking.what_was_read`).
    upload
        Where the file is stored.
    with_remarks
        Whether the remarks were not told before.
    """
    yield (
        f"{counted(read['rows_in'], 'row')} = {read['accepted']:,} used + "
        f"{counted(read['duplicates'], 'duplicate')} + {read['rejected']:,} left out."
    )
    if with_remarks:
        yield from dict.fromkeys(read["warnings"])
    if read["rejected"]:
        yield f"Left out, each with its reason: {readable_path(rejects_of(upload))}"
