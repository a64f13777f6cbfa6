"""In which currency an amount is, as its cell says it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.values.amounts import APOSTROPHES, AROUND, BLANKS, BULK, MINUS, PERCENT_SIGN, split_number
from tabular.values.cells import BadCell
from tabular.values.masks import mask_of
from tabular.values.words import words_of

# Names of columns that say in which currency an amount is.
CURRENCIES = frozenset(["currency", "waehrung", "wahrung", "devise", "moneda", "valuta", "moeda"])
# The signs and words of one currency.
SAME_CURRENCY = {
    sign: code
    for code, signs in {
        "USD": "US$", "AUD": "A$ AU$", "CAD": "C$ CA$", "NZD": "NZ$", "HKD": "HK$", "SGD": "S$", "BRL": "R$",
        "MXN": "MX$", "EUR": "€ EURO EUROS", "GBP": "£", "INR": "₹ ₨ RS", "PLN": "ZŁ", "CHF": "FR",
        "RUB": "₽ РУБ Р", "HUF": "FT", "CZK": "KČ", "UAH": "₴ ГРН", "BGN": "ЛВ", "KRW": "₩ 원",  # noqa: RUF001
        "TRY": "₺ TL", "THB": "฿", "ILS": "₪", "RON": "LEI", "JPY": "円", "CNY": "元 RMB",
    }.items()
    for sign in signs.split()
}  # fmt: skip
# Signs that several currencies have: beside one of these they are that one.
SHARED = {
    "$": {"USD", "AUD", "CAD", "NZD", "HKD", "SGD", "MXN"},
    "KR": {"SEK", "NOK", "DKK"},
    "¥": {"JPY", "CNY"},
}
# In a column of currencies each row says its own: there "$" and "AUD" are two.
SHARED_SAID = SHARED | {"$": {"USD"}}
# Beside one of these "$" is another dollar: who writes CA$ does not write $ for the same.
OTHER_DOLLARS = {sign for sign in SAME_CURRENCY if sign.endswith("$")}


def _sign_of(text: str) -> str:
    """Return what names the currency in a cell; nothing where nothing does."""
    body = text.strip(BLANKS).strip("()").strip(MINUS + BLANKS)
    found = AROUND.search(body)
    sign = found[0].rstrip(".").upper() if found else ""
    return "" if sign == PERCENT_SIGN else sign


def _code_of(sign: str) -> str:
    return SAME_CURRENCY.get(sign, sign)


def currencies_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return a cell of each currency that is named, where there are several.

    Examples
    --------
    >>> currencies_of(["$5", "7 EUR", "\u20ac8"]), currencies_of(["7 AUD", "$8"])
    (('$5', '7 EUR'), ())
    >>> currencies_of(["$5", "CA$7"])
    ('$5', 'CA$7')
    """
    return _several(((_sign_of(text), text) for text in texts), SHARED)


def names_currency(name: str) -> bool:
    """Whether a column of that name says in which currency an amount is, and nothing else."""
    return bool(CURRENCIES & set(words_of(name)))


def currencies_said(words: Iterable[str]) -> tuple[str, ...]:
    """Return a word of each currency in a column that names nothing else, where there are several.

    Examples
    --------
    >>> currencies_said(["eur", "EUR", "Euro"]), currencies_said(["eur", "Kuna"])
    ((), ('eur', 'Kuna'))
    >>> currencies_said(["$", "USD"]), currencies_said(["$", "AUD"])
    ((), ('$', 'AUD'))
    """
    return _several(((word.strip(f"{BLANKS}.").upper(), word) for word in words), SHARED_SAID)


def _several(named: Iterable[tuple[str, str]], shared: dict[str, set[str]]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    signs = set()
    for sign, text in named:
        signs.add(sign)
        found.setdefault(_code_of(sign), text)
    same = {sign for sign, codes in shared.items() if codes & found.keys()}
    if signs & OTHER_DOLLARS:
        same.discard("$")
    cells = tuple(text for code, text in found.items() if code and code not in same)
    return cells if len(cells) > 1 else ()


def one_of_each(texts: pa.Array) -> dict[str, str]:
    """Return a cell for each thing that stands about the digits, such as a currency.

    Examples
    --------
    >>> one_of_each(pa.array(["$1.50", "$2", "7 EUR"]))
    {'$': '$1.50', ' EUR': '7 EUR'}
    """
    about = pc.replace_substring_regex(texts, f"[0-9.,{APOSTROPHES}]+", "").dictionary_encode()
    _, first = np.unique(about.indices.to_numpy(zero_copy_only=False), return_index=True)
    return dict(zip(about.dictionary.to_pylist(), texts.take(pa.array(first)).to_pylist(), strict=True))


def adorned_cells(texts: pa.Array, decimal: str) -> dict[str, str]:
    """Return a number for each thing that stands about the digits; plain ones name no currency."""
    adorned = texts.filter(pa.array(~mask_of(pc.match_substring_regex(texts, BULK[decimal]))))
    found = one_of_each(adorned) if len(adorned) else {}
    return {about: text for about, text in found.items() if _is_number(text, decimal)}


def _is_number(text: str, decimal: str) -> bool:
    try:
        split_number(text, decimal)
    except BadCell:
        return False
    return True
