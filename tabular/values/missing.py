"""Words that programs write where nothing is known."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.values.cells import is_blank
from tabular.values.masks import blanks_of, mask_of

# Compared without regard to case and surrounding blanks.
MISSING = frozenset(
    [
        "na",
        "n/a",
        "n.a.",
        "#n/a",
        "#na",
        "<na>",
        "nan",
        "null",
        "(null)",
        "nil",
        "missing",
        "\\n",
        "-",
        ".",
        "?",
        # What a spreadsheet shows in place of a result, and of a number that is wider than its column.
        *("#ref!", "#value!", "#name?", "#div/0!", "#num!", "#null!", "#bezug!", "#wert!", "#zahl!"),
        *("#" * width for width in range(3, 41)),
    ]
)
# A person may have no insurance, so this is an answer among words, and nothing among numbers and dates.
NOTHING = "none"
# Below it, reading the expression takes longer than asking each text.
FEW = 100
# The same for RE2, with any blanks around.
AROUND = r"[\s\p{Z}]*"
WORDS, MEASURED_WORDS = (
    f"(?i)^{AROUND}(?:{'|'.join(map(re.escape, sorted(words)))}){AROUND}$"
    for words in (MISSING, MISSING | {NOTHING})
)


def is_missing(text: str, *, measured: bool) -> bool:
    """Whether a cell is blank or says that nothing is known.

    Parameters
    ----------
    measured
        Whether the column holds numbers or dates.

    Examples
    --------
    >>> is_missing(" NaN ", measured=False), [is_missing("None", measured=each) for each in (True, False)]
    (True, [True, False])
    """
    if is_blank(text):
        return True
    word = text.strip().casefold()
    return word in MISSING or (measured and word == NOTHING)


def missing_of(texts: pa.Array, *, measured: bool) -> np.ndarray:
    """Return which texts are blank or say that nothing is known: `is_missing` in bulk."""
    return blanks_of(texts) | _say_nothing(texts, measured)


def _say_nothing(texts: pa.Array, measured: bool) -> np.ndarray:
    if len(texts) < FEW:
        found = ((text or "").strip().casefold() for text in texts.to_pylist())
        return np.array([word in MISSING or (measured and word == NOTHING) for word in found], bool)
    # One pass that gives up most texts at their first letter; millions of cells are asked.
    return mask_of(pc.match_substring_regex(texts, MEASURED_WORDS if measured else WORDS))


def take_words(texts: pa.Array, *, measured: bool) -> tuple[pa.Array | None, pa.Array]:
    """Return the word of each text that says that nothing is known, else null, and the texts with a blank in
    its place. Where no text says so, there are no words, and the texts stay as they are.
    """
    said = _say_nothing(texts, measured)
    if not said.any():
        return None, texts
    words = pc.if_else(pa.array(said), pc.utf8_trim_whitespace(texts), pa.scalar(None, pa.string()))
    return words, _blank(texts, said | blanks_of(texts))


def without_words(texts: pa.Array, *, measured: bool) -> pa.Array:
    """Return texts with a blank in place of each word that says that nothing is known."""
    missing = missing_of(texts, measured=measured)
    return _blank(texts, missing) if missing.any() else texts


def _blank(texts, missing):
    return pc.if_else(pa.array(missing), pa.scalar("", pa.string()), texts)
