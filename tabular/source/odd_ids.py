"""Ids that are read, and may not be what they seem: the sum below a table, or one with a character unseen."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tabular.errors import counted, shown
from tabular.values.words import TOTAL, says_total

# With more of them, a company calls its customers so.
MOST_TOTALS = 3
# What has no width at all is never noticed.
WIDTHLESS = "\u200b\u200c\u200d\u2060\ufeff\xad"


class OddIds:
    """Counts such ids, block by block, with the first of each kind."""

    def __init__(self):
        self.totals: list[str] = []
        self.unseen, self.first = 0, ""

    def take(self, ids: pa.Array) -> None:
        """Look at the ids of one block."""
        if len(self.totals) <= MOST_TOTALS:
            may_be = ids.filter(pc.match_substring_regex(ids, f"(?i){TOTAL}"))
            self.totals += filter(says_total, may_be.slice(0, 1000).to_pylist())
        unseen = ids.filter(pc.match_substring_regex(ids, f"[{WIDTHLESS}]"))
        self.unseen += len(unseen)
        if len(unseen) and not self.first:
            self.first = unseen[0].as_py()

    def sentences(self, name: str) -> list[str]:
        """Say what was found in the column of that name."""
        out = []
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
