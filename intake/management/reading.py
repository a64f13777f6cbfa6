"""How a file is read, as every command with a file takes it."""

from tabular.source.encodings import BY_HAND


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


def reading_of(options: dict) -> dict[str, str]:
    """Return what was said with these arguments; empty where it is to be recognised."""
    return {name: options[name] for name in ("encoding", "sheet")}
