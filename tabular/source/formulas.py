"""Cells of formulas: what the file holds is their result, where some program has calculated it."""

from __future__ import annotations

from collections import Counter

from tabular.errors import TableError, counted

# What stands in a row for the result that is not in the file; such a file is refused before anybody reads it.
NO_RESULT = "="
# Columns that one sentence names.
MOST_NAMED = 5
ADVICE = "Open it in a spreadsheet program, save it and upload it again, or write the values themselves."


class FormulaCounter:
    """Counts the formulas of a table, and those that nobody has calculated.

    Parameters
    ----------
    are_due
        Whether the workbook asks to be calculated when it is opened. Programs that cannot calculate do so;
        some of them write 0 for each result.
    """

    def __init__(self, *, are_due: bool):
        self.are_due = are_due
        self.without = 0
        self.zeros: Counter = Counter()
        self.calculated: set[int] = set()
        # Row and place of the first one without a result, and by place the first row of a result of 0.
        self.first: tuple[int, int] | None = None
        self.first_zeros: dict[int, int] = {}

    def take(self, row: int, results: dict[int, str], width: int) -> None:
        """Count the formulas of one row of the table, by their place."""
        for place, text in results.items():
            if place >= width:
                continue
            if text == NO_RESULT:
                self.without += 1
                self.first = self.first or (row, place)
            elif text == "0":
                self.zeros[place] += 1
                self.first_zeros.setdefault(place, row)
            else:
                self.calculated.add(place)

    def refuse_uncalculated(self, lettered) -> None:
        """Refuse a table whose results are not in the file.

        Parameters
        ----------
        lettered
            Returns the letters of a column from its place.

        Raises
        ------
        TableError
            ``uncalculated``.
        """
        if self.without:
            row, place = self.first
            raise _refusal(
                f"{counted(self.without, 'cell holds a formula', 'cells hold formulas')} without a result, "
                f"e.g. row {row:,}, column {lettered(place)}: no program has calculated the file.",
                row,
                lettered(place),
            )
        zeros = self._all_zero()
        if self.are_due and zeros and not self.calculated:
            place, row = zeros[0], self.first_zeros[zeros[0]]
            raise _refusal(
                f"Each formula in column {lettered(place)} has the result 0, as programs write that do not "
                f"calculate: the file asks for it when it is opened. The first stands in row {row:,}.",
                row,
                lettered(place),
            )

    def sentences(self, lettered) -> list[str]:
        """Say which columns may not have been calculated, though the file does not tell."""
        zeros = self._all_zero()
        if not zeros:
            return []
        found = ", ".join(map(lettered, zeros[:MOST_NAMED])) + (", …" if len(zeros) > MOST_NAMED else "")
        return [
            f"Each formula in {counted(len(zeros), 'column')} ({found}) has the result 0. If that cannot be, "
            "open the file in a spreadsheet program, save it and upload it again."
        ]

    def _all_zero(self) -> list[int]:
        return [place for place in sorted(self.zeros) if place not in self.calculated]


def is_zero(stored: str) -> bool:
    """Whether a cell stores the number 0, however its format shows it.

    Examples
    --------
    >>> is_zero("0"), is_zero("0.0"), is_zero("0.01"), is_zero("")
    (True, True, False, False)
    """
    try:
        return float(stored) == 0
    except ValueError:
        return False


def _refusal(reason: str, row: int, letters: str) -> TableError:
    return TableError("uncalculated", f"{reason} {ADVICE}", line=row, column=letters)
