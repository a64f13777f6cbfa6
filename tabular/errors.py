"""The one error of this package: what is wrong with a file, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

# Every kind a refusal can have. Pages, APIs and tests rely on these names.
KINDS = frozenset(
    {
        "ambiguous_dates",
        "ambiguous_numbers",
        "bad_date",
        "bad_encoding",
        "bad_filename",
        "bad_label",
        "bad_number",
        "binary_content",
        "cell_too_long",
        "corrupt_archive",
        "duplicate_columns",
        "duplicate_customers",
        "empty_file",
        "encrypted",
        "future_date",
        "label_conflict",
        "missing_columns",
        "missing_id",
        "missing_sheet",
        "needs_mapping",
        "no_purchases",
        "no_rows",
        "one_class",
        "only_outcomes",
        "out_of_range",
        "ragged_rows",
        "several_sheets",
        "shortened_id",
        "short_history",
        "too_few_customers",
        "too_few_minority",
        "too_few_rows",
        "too_large",
        "too_much_memory",
        "too_slow",
        "type_mismatch",
        "uncalculated",
        "unsupported_type",
        "unterminated_quote",
        "wrong_mapping",
        "xml_entity",
        "zip_bomb",
    }
)


# What nobody sees in a cell is called by its name: a cell that looks right is refused for it.
UNSEEN = {
    "\u200b": "[zero-width blank]",
    "\u200c": "[zero-width non-joiner]",
    "\u200d": "[zero-width joiner]",
    "\u2060": "[zero-width joiner]",
    "\ufeff": "[byte order mark]",
    "\xad": "[soft hyphen]",
    "\xa0": "[no-break blank]",
    "\u202f": "[narrow no-break blank]",
    "\t": "[tab]",
}


class TableError(Exception):
    """A file that is refused, in words its owner understands.

    Parameters
    ----------
    kind
        One of `KINDS`; stable, for programs.
    message
        Full sentences: what happened, where, what to do.
    line
        Line of the file (the header of a plain file is line 1), or row of the sheet.
    column
        The column that the message points at.
    columns
        All columns concerned, e.g. every missing one.
    sheets
        Names of the sheets of a workbook among which one has to be chosen.
    rejects
        ``{"rows": how many rows have a mistake, "path": the CSV that lists them or None}``.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        line: int | None = None,
        column: str | None = None,
        columns: Sequence[str] = (),
        sheets: Sequence[str] = (),
        rejects: dict | None = None,
    ):
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is not a kind of table error")
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.line = line
        self.column = column
        self.columns = tuple(columns)
        self.sheets = tuple(sheets)
        self.rejects = rejects

    def as_dict(self) -> dict:
        """Return what a program needs to know, ready for JSON."""
        return {
            "kind": self.kind,
            "message": self.message,
            "line": self.line,
            "column": self.column,
            "columns": list(self.columns),
            "sheets": list(self.sheets),
            "rejects": self.rejects,
        }

    @classmethod
    def from_dict(cls, found: dict) -> TableError:
        """Build the error again from `as_dict`, e.g. on the other side of a process boundary."""
        return cls(**found)


def shown(value: str, *, limit: int = 60) -> str:
    """Return a cell as it may stand in a sentence: short, one line, nothing that reorders the text around
    it.
    """
    text = "".join(c if c.isprintable() else UNSEEN.get(c, "\ufffd") for c in value)
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return f"'{text}'"


def place(line: int | None, column: str | None) -> str:
    """Return "Row 1,204, column TotalCharges" for the start of a sentence."""
    if line is None:
        return f"Column {column}"
    return f"Row {line:,}" + (f", column {column}" if column else "")


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return "1 row" or "1,204 rows"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
