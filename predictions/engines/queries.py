"""The words of a result's address (?sort=-probability&find=...) and the query that they mean."""

from dataclasses import dataclass

from ml.matrix.schemas import BLANK, OTHER
from predictions.engines.kinds import CHANGES, LEFT, STAYED
from predictions.engines.results import CHANGE, CUSTOMER, LINE, OUTCOME, PROBABILITY, TIER, Query

# Short words for the columns that every result has; features are called by their own names.
WORDS = {
    "probability": PROBABILITY,
    "customer": CUSTOMER,
    "tier": TIER,
    "line": LINE,
    "change": CHANGE,
    "in_file": OUTCOME,
}
DEFAULT_SORT = "-probability"
# Before a feature that is called like one of them.
COLUMN = "column "
# A search is a piece of a customer id, and ids are short.
LONGEST_SEARCH = 200


@dataclass(frozen=True)
class Wanted:
    """What was asked for: as shown again in the form, and as asked of the table."""

    query: Query
    sort: str = DEFAULT_SORT
    find: str = ""
    tier: str = ""
    group: str = ""
    change: str = ""
    in_file: str = ""


def word_of(column: str) -> str:
    """Return what an address calls a column of the table."""
    return f"{COLUMN}{column}" if column in WORDS else column


def _column_of(word: str) -> str:
    """Return the column of the table that `word_of`, or one of the short words, means."""
    named = word.removeprefix(COLUMN)
    return named if named in WORDS and named != word else WORDS.get(word, word)


def read_query(parameters, *, columns, tiers, group=None) -> Wanted:
    """Return the query that `parameters` ask for; what this result does not know falls back to the default.

    An address is kept, sent and edited by hand: a word that a result does not know must not be an error page.

    Parameters
    ----------
    columns
        Names of the columns of the table.
    tiers
        Names of the tiers of the result.
    group
        The filter that the page offers: a ``feature`` and its ``values``, see `Summary` of the engine.
    """
    sort = parameters.get("sort", "")
    word = sort.removeprefix("-")
    if _column_of(word) not in columns:
        sort, word = DEFAULT_SORT, DEFAULT_SORT.removeprefix("-")
    descending = "-" if sort.startswith("-") else ""
    find = parameters.get("find", "").strip()[:LONGEST_SEARCH]
    tier = parameters.get("tier", "")
    equals = {TIER: tier} if tier in tiers else {}
    change = parameters.get("change", "")
    if change in CHANGES and CHANGE in columns:
        equals[CHANGE] = change
    in_file = parameters.get("in_file", "")
    if in_file in (STAYED, LEFT) and OUTCOME in columns:
        equals[OUTCOME] = in_file
    value = parameters.get("group", "") if group else ""
    among, beside = _group(group, value)
    return Wanted(
        query=Query(
            sort=f"{descending}{_column_of(word)}",
            search=find,
            equals=equals | among,
            none_of=beside,
        ),
        sort=sort,
        find=find,
        tier=equals.get(TIER, ""),
        group=value,
        change=equals.get(CHANGE, ""),
        in_file=equals.get(OUTCOME, ""),
    )


def _group(group, value) -> tuple[dict, dict]:
    """Return which value the feature of a filter must have, and which it must not have."""
    if not value:
        return {}, {}
    if value == OTHER and OTHER in group["values"]:
        # The others have many values, and blanks are none of them.
        return {}, {group["feature"]: ("", *(known for known in group["values"] if known != OTHER))}
    is_blank = value == BLANK and BLANK in group["values"]
    return {group["feature"]: "" if is_blank else value}, {}
