"""In which currency an amount is, as its cell says it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.values.amounts import APOSTROPHES, AROUND, BLANKS, BULK, MINUS, PERCENT_SIGN, split_number
from tabular.values.cells import BadCell
from tabular.values.masks import mask_of

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


def currency_of(text: str) -> str:
    """Return the currency that a cell names; nothing where it names none.

    Examples
    --------
    >>> currency_of("US$ 12.50"), currency_of("12,50 \u20ac"), currency_of("21%"), currency_of("7")
    ('USD', 'EUR', '', '')
    """
    body = text.strip(BLANKS).strip("()").strip(MINUS + BLANKS)
    found = AROUND.search(body)
    sign = found[0].rstrip(".").upper() if found else ""
    return "" if sign == PERCENT_SIGN else _code_of(sign)


def _code_of(sign: str) -> str:
    return SAME_CURRENCY.get(sign, sign)


def currencies_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return a cell of each currency that is named, where there are several.

    Examples
    --------
    >>> currencies_of(["$5", "7 EUR", "\u20ac8"]), currencies_of(["A$5", "7 AUD", "$8"])
    (('$5', '7 EUR'), ())
    """
    return _several((currency_of(text), text) for text in texts)


def currencies_said(words: Iterable[str]) -> tuple[str, ...]:
    """Return a word of each currency in a column that names nothing else, where there are several.

    Examples
    --------
    >>> currencies_said(["eur", "EUR", "Euro"]), currencies_said(["eur", "Kuna"])
    ((), ('eur', 'Kuna'))
    """
    return _several((_code_of(word.strip(f"{BLANKS}.").upper()), word) for word in words)


def _several(named: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for code, text in named:
        found.setdefault(code, text)
    shared = {sign for sign, codes in SHARED.items() if codes & found.keys()}
    cells = tuple(text for code, text in found.items() if code and code not in shared)
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
