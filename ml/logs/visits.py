"""The words for a log without amounts, such as one of visits or logins: nobody in it buys, pays or spends.

Sentences about logs are written once, about purchases. For a log of visits their words are exchanged, so
that the two can never say different things.
"""

from __future__ import annotations

import re

# Where one of these columns is there, the rows are purchases of which nobody wrote down the price.
OF_PURCHASES = frozenset({"amount", "order_id", "product", "quantity", "discount"})
# Longer ones first: what is left of a phrase must not be taken for a word.
WORDS = {
    "purchase logs": "logs of visits",
    "purchase log": "log of visits",
    "what it bought, how often and how recently": "how often and how recently it came",
    "purchases": "visits",
    "purchase": "visit",
    "buying days": "days with a visit",
    "buying day": "day with a visit",
    "categories bought": "categories chosen",
    "were bought": "were chosen",
    "was bought": "was chosen",
    "had bought nothing": "had not come",
    "has bought nothing": "has not come",
    "have bought nothing": "have not come",
    "to buy nothing": "not to come",
    "bought nothing": "did not come",
    "buys nothing": "does not come",
    "buy nothing": "do not come",
    "had bought": "had come",
    "has bought": "has come",
    "have bought": "have come",
    "not bought": "not come",
    "bought": "came",
    "buys": "comes",
    "buy": "come",
    "buyers": "visitors",
    "buyer": "visitor",
}
_PATTERN = re.compile(rf"\b({'|'.join(WORDS)})\b", re.IGNORECASE)
# What the words of a profile and of a report stand under; all else in them is data.
SAID = frozenset({"advice", "formula", "problems", "reason", "remedy", "sentence", "terms", "title", "why"})


def is_of_visits(columns) -> bool:
    """Return whether the rows of a log are visits: nothing in them says that something was bought.

    Parameters
    ----------
    columns : collection of str
        Canonical columns of the log.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_of_visits({"customer_id", "event_at"}), is_of_visits({"customer_id", "event_at", "order_id"})
    (True, False)
    """
    return not OF_PURCHASES & set(columns)


def say_visits(text: str) -> str:
    """Return a sentence about purchases as one about visits.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> say_visits("Purchases grow; who buys nothing for 30 days has left (total_purchase_count).")
    'Visits grow; who does not come for 30 days has left (total_purchase_count).'
    """
    return _PATTERN.sub(_exchange, text)


def say_visits_in(found):
    """Return what was found in a log with its sentences about visits; figures, names and examples stay.

    Parameters
    ----------
    found : dict
        Ready for JSON.

    Returns
    -------
    dict

    Examples
    --------
    >>> say_visits_in({"advice": ["Buy more."], "rows": [{"customer_id": "buyer", "why": "No purchase."}]})
    {'advice': ['Come more.'], 'rows': [{'customer_id': 'buyer', 'why': 'No visit.'}]}
    """
    return {name: _exchange_all(value, is_said=name in SAID) for name, value in found.items()}


def _exchange_all(value, *, is_said):
    if isinstance(value, dict):
        return {name: _exchange_all(inner, is_said=is_said or name in SAID) for name, inner in value.items()}
    if isinstance(value, list):
        return [_exchange_all(inner, is_said=is_said) for inner in value]
    return say_visits(value) if is_said and isinstance(value, str) else value


def _exchange(match):
    said, word = match[0], WORDS[match[0].lower()]
    return word[0].upper() + word[1:] if said[0].isupper() else word
