"""Ids that are read, and may not be what they seem: the sum below a table, or one with a character unseen."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tabular.errors import counted, shown
from tabular.values.words import TOTAL, says_total

# With more of them, a company calls its customers so.
MOST_TOTALS = 3
# A spreadsheet keeps fifteen digits of a number.
LONG, CUT = "^[0-9]{16,}$", "^[0-9]{15}0+$"
FEWEST_LONG = 10
# What has no width at all is never noticed.
WIDTHLESS = "\u200b\u200c\u200d\u2060\ufeff\xad"


class LongIds:
    """Counts ids of more digits than a spreadsheet keeps, and those that end as it writes them."""

    def __init__(self):
        self.long = self.cut = 0

    def take(self, ids: pa.Array) -> None:
        """Look at the ids of one block."""
        long = ids.filter(pc.match_substring_regex(ids, LONG))
        self.long += len(long)
        self.cut += int(pc.sum(pc.match_substring_regex(long, CUT)).as_py() or 0)

    def sentences(self, name: str) -> list[str]:
        """Say what was found in the column of that name; a few may end so by chance."""
        if self.long < FEWEST_LONG or self.cut < self.long:
            return []
        return [
            f"Column {name}: each id of more than 15 digits has zeros behind the 15th, as a spreadsheet "
            "writes it: ids that differ only there look the same. Export the column as text."
        ]


class OddIds:
    """Counts such ids, block by block, with the first of each kind."""

    def __init__(self):
        self.long = LongIds()
        self.totals: list[str] = []
        self.unseen, self.first = 0, ""

    def take(self, ids: pa.Array) -> None:
        """Look at the ids of one block."""
        self.long.take(ids)
        if len(self.totals) <= MOST_TOTALS:
            may_be = ids.filter(pc.match_substring_regex(ids, f"(?i){TOTAL}"))
            self.totals += filter(says_total, may_be.slice(0, 1000).to_pylist())
        unseen = ids.filter(pc.match_substring_regex(ids, f"[{WIDTHLESS}]"))
        self.unseen += len(unseen)
        if len(unseen) and not self.first:
            self.first = unseen[0].as_py()

    def sentences(self, name: str) -> list[str]:
        """Say what was found in the column of that name."""
        out = self.long.sentences(name)
        if 0 < len(self.totals) <= MOST_TOTALS:
            out.append(
                f"Column {name}: {shown(self.totals[0])} reads like the sum of other rows, and was read as a "
                "customer. Delete that row if it is none."
            )
        if self.unseen:
            ids = counted(self.unseen, "id holds", "ids hold")
            out.append(
                f"Column {name}: {ids} a character that nobody sees, e.g. {shown(self.first)}. They were "
                "kept as they are: elsewhere the same customers may be written without it."
            )
        return out
