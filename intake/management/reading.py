"""How a file is read, as every command with a file takes it."""

from django.core.management.base import CommandError

from core.faults import StorageFull, fault_of
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


def refusal_of(error: Exception) -> CommandError:
    """Return the end of a command whose file was refused, with the argument that answers what is open."""
    argument = ANSWERS.get(getattr(error, "code", ""))
    return CommandError(f"{error} {argument}" if argument else str(error))


def unread(file: str, error: OSError) -> CommandError:
    """Return the end of a command whose file could not be read, or not be kept for want of room."""
    fault = fault_of(error)
    if isinstance(fault, StorageFull):
        return CommandError(fault.message)
    return CommandError(f"{file} cannot be read: {error.strerror}.")


def reading_of(options: dict) -> dict[str, str]:
    """Return what was said with these arguments; empty where it is to be recognised."""
    return {name: options[name] for name in ("encoding", "sheet")}
