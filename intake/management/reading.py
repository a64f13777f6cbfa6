"""How a file is opened and read, as every command with a file does it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files import File
from django.core.management.base import CommandError

from core.errors import DomainError
from core.faults import fault_of
from intake.services.checking import LEAVE_OUT, REFUSE
from tabular.source.encodings import BY_HAND

# By the code of a refusal: what the next call says.
ANSWERS = {
    "several_sheets": "Name it with --sheet.",
    "missing_sheet": "Name it with --sheet.",
    "bad_encoding": "Where you know it, name it with --encoding.",
}


def add_reading_arguments(parser) -> None:
    """Let who calls say what a file leaves open: its letters, and which sheet of a workbook is meant."""
    parser.add_argument(
        "--encoding",
        choices=BY_HAND,
        default="",
        help="encoding of the file; default: it is recognised",
    )
    parser.add_argument(
        "--sheet",
        default="",
        metavar="NAME",
        help="for a workbook: the sheet to read, if more than one could be meant",
    )


def add_bad_rows_argument(parser, *, does: str) -> None:
    """Let who calls go on without the rows that cannot be read; `does` is what is done with the others."""
    parser.add_argument(
        "--leave-out-bad-rows", action="store_true", help=f"{does} the others instead of refusing"
    )


def reading_of(options: dict) -> dict[str, str]:
    """Return what was said with these arguments; empty where it is to be recognised."""
    return {name: options[name] for name in ("encoding", "sheet")}


def bad_rows_of(options: dict) -> str:
    """Return what becomes of rows that cannot be read."""
    return LEAVE_OUT if options["leave_out_bad_rows"] else REFUSE


@contextmanager
def opened(path: str) -> Iterator[File]:
    """Open the file that a command was given."""
    try:
        handle = Path(path).open("rb")  # noqa: SIM115 - what fails while it is open is not about this file
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    with handle:
        yield File(handle, name=Path(path).name)


@contextmanager
def told_at_the_end() -> Iterator[None]:
    """End a command with the sentence of what is refused within, or of what fails below us."""
    try:
        yield
    except CommandError:
        raise
    except DomainError as error:
        raise CommandError(f"{error} {ANSWERS.get(error.code, '')}".rstrip()) from error
    except Exception as error:
        if fault := fault_of(error):
            raise CommandError(str(fault)) from error
        raise
