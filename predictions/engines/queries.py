"""The words of a result's address (?sort=-probability&find=...) and the query that they mean."""

from dataclasses import dataclass

from predictions.engines.results import CUSTOMER, LINE, PROBABILITY, TIER, Query

# Short words for the columns that every result has; features are called by their own names.
WORDS = {"probability": PROBABILITY, "customer": CUSTOMER, "tier": TIER, "line": LINE}
DEFAULT_SORT = "-probability"
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
        The feature by which the page offers a filter, if it has one.
    """
    sort = parameters.get("sort", "")
    word = sort.removeprefix("-")
    if WORDS.get(word, word) not in columns:
        sort, word = DEFAULT_SORT, DEFAULT_SORT.removeprefix("-")
    descending = "-" if sort.startswith("-") else ""
    find = parameters.get("find", "").strip()[:LONGEST_SEARCH]
    tier = parameters.get("tier", "")
    equals = {TIER: tier} if tier in tiers else {}
    value = parameters.get("group", "") if group else ""
    if value:
        equals[group] = value
    return Wanted(
        query=Query(sort=f"{descending}{WORDS.get(word, word)}", search=find, equals=equals),
        sort=sort,
        find=find,
        tier=equals.get(TIER, ""),
        group=value,
    )
