"""What is said of a file in the same words however it is read: one row a customer, or one row an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tabular.errors import TableError, counted, shown
from tabular.source.encodings import GUESSED
from tabular.source.spec import ParseSpec

# So many columns of a file are named where another one was asked for.
MOST_NAMED = 20
# So many of the words that were read as blank.
MOST_WORDS = 3

# --- Refusals --------------------------------------------------------------------------------------------


def refuse_large_file(path: Path, max_bytes: int) -> None:
    """Refuse the file at `path` where it has more than `max_bytes`."""
    size = path.stat().st_size
    if size > max_bytes:
        raise TableError(
            "too_large",
            f"The file has {size / 1e6:,.1f} MB; {max_bytes / 1e6:,.0f} MB is the most. Split it, or leave "
            "out columns.",
        )


def has_changed() -> TableError:
    """Return the refusal of another file than the one that it was decided for how it is read."""
    return TableError("type_mismatch", "The file has changed since it was checked. Upload it again.")


def no_rows(table: ParseSpec) -> TableError:
    sheet = f" The sheet {shown(table.sheet)} was read." if table.sheet else ""
    return TableError(
        "no_rows", f"The file has a header but no rows.{sheet} Choose the file that holds them."
    )


def no_such_column(name: str, header: Sequence[str], *, missing: Sequence[str] = ()) -> TableError:
    """Return the refusal of a column that somebody named and the file does not have.

    Parameters
    ----------
    missing
        All of them, where there are several.
    """
    others = ", ".join(map(shown, header[:MOST_NAMED])) + (", …" if len(header) > MOST_NAMED else "")
    return TableError(
        "missing_columns",
        f"The file has no column {shown(name)}. Choose one of its own: {others}.",
        column=name,
        columns=list(missing) or [name],
    )


def open_dates(name: str, examples: Sequence[str]) -> TableError:
    """Return the refusal of dates of which nobody said whether the day or the month comes first."""
    return _open(
        "ambiguous_dates",
        name,
        f"{shown(examples[0])} may be day and month or month and day, and the file does not settle which. "
        "Say in which order they stand.",
    )


def open_numbers(name: str, examples: Sequence[str]) -> TableError:
    """Return the refusal of numbers of which nobody said which sign stands before decimals."""
    return _open(
        "ambiguous_numbers",
        name,
        f"{shown(with_sign(examples))} may be thousands or decimals, and the file does not settle which. "
        "Say whether the decimal sign is a point or a comma.",
    )


def _open(kind: str, name: str, question: str) -> TableError:
    return TableError(kind, f"Column {shown(name)}: {question}", column=name, columns=[name])


def with_sign(examples: Sequence[str]) -> str:
    """Return an example that shows why numbers can be read in two ways."""
    return next((text for text in examples if "." in text or "," in text), examples[0])


# --- What is accepted and should be known ------------------------------------------------------------------


def guessed_encoding(path: Path, table: ParseSpec) -> list[str]:
    """Say in which encoding the file was read, where that was guessed, with a text to judge that by."""
    if table.encoding not in GUESSED:
        return []
    example = _first_special(table.source(path))
    told = f", e.g. {shown(example)}" if example else ""
    return [
        f"The file is not UTF-8; it was read as Western European ({table.encoding}){told}. If names look "
        "wrong, save it as CSV (UTF-8) and upload that."
    ]


def _first_special(source: Path) -> str:
    with source.open(encoding="utf-8") as file:
        for line in file:
            if not line.isascii():
                at = next(i for i, c in enumerate(line) if not c.isascii())
                return line[max(0, at - 15) : at + 15].strip()
    return ""


def say_words(words: Mapping[str, int]) -> list[str]:
    """Say which words were read as blank, from how many cells say each."""
    if not words:
        return []
    said = sorted(words, key=words.get, reverse=True)[:MOST_WORDS]
    listed = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} or {said[-1]}"
    return [f"{counted(sum(words.values()), 'cell says', 'cells say')} {listed}: read as blank."]


def shortened_codes(name: str, codes: Mapping[str, int]) -> str:
    """Say that a spreadsheet has shortened `codes` of column `name`, with the cells that hold each."""
    number, code = counted(sum(codes.values()), "code was", "codes were"), shown(next(iter(codes)))
    return (
        f"Column {name}: {number} shortened by a spreadsheet, such as {code}, and read as blank. Format the "
        "column as text in the original and save it again."
    )


def equal_rows(number: int) -> str:
    return f"{counted(number, 'row')} equal to an earlier row in every cell: counted once."


def several_currencies(name: str, examples: Sequence[str]) -> str:
    """Say that the amounts of a column are in several currencies, with a cell of each."""
    listed = " and ".join(map(shown, examples[:2]))
    return (
        f"Column {name}: amounts in {len(examples)} currencies, such as {listed}. Only the numbers are read, "
        "as if they were of one: convert them, or leave out the others."
    )


def alike_ids(name: str, number: int) -> str:
    """Say that `number` ids of column `name` would be others' but for the way they are written."""
    return (
        f"Column {name}: {counted(number, 'id differs', 'ids differ')} from another one only in blanks or in "
        "upper and lower case. They were kept apart as different customers; make them equal if they are the "
        "same."
    )
