"""Number formats of zeros, by which a sheet shows the customer 42 as 00042 or 000-042."""

from __future__ import annotations

import re
from dataclasses import dataclass

SECTION = re.compile(r'((?:"[^"]*"|\\.|\[[^\]]*\]|[^;])*)')
SHORT_OF_COLOUR = re.compile(r"\[[^\]]*\]")
TOKEN = re.compile(r'"([^"]*)"|\\(.)|([0])|([-/() ])')
# Zeros before other digits: what such a format shows cannot be seen in the number.
LEADING_ZEROS = re.compile(r"^[^0#?.]*0[^0#?.,]*0")


@dataclass(frozen=True)
class ZeroFormat:
    """A format that fills a whole number up with zeros.

    Parameters
    ----------
    code
        As the workbook has it.
    signs
        What stands at each place, and whether it is a digit of the number. Empty where the format does more
        than that, and cannot be applied.
    """

    code: str
    signs: tuple[tuple[str, bool], ...] = ()

    def show(self, text: str) -> str | None:
        """Return a whole number as the sheet shows it; None where this format cannot say it.

        Examples
        --------
        >>> zero_format("000-000").show("1042"), zero_format("00000").show("1234567")
        ('001-042', '1234567')
        """
        places = sum(is_digit for _, is_digit in self.signs)
        if not places or not text.isdigit():
            return None
        digits = text.zfill(places)
        # What has more digits than places keeps them before the first.
        shown, rest = digits[: len(digits) - places], iter(digits[len(digits) - places :])
        before, after = self._split()
        return before + shown + "".join(next(rest) if digit else sign for sign, digit in after)

    def _split(self):
        first = next(place for place, (_, is_digit) in enumerate(self.signs) if is_digit)
        return "".join(sign for sign, _ in self.signs[:first]), self.signs[first:]


def zero_format(code: str | None) -> ZeroFormat | None:
    """Return what a number format does where it shows zeros before a number; None for any other one.

    Examples
    --------
    >>> zero_format("0.00"), zero_format("#,##0"), zero_format("0")
    (None, None, None)
    >>> zero_format('"K-"0000').show("7")
    'K-0007'
    """
    section = SHORT_OF_COLOUR.sub("", SECTION.match(code or "")[1])
    bare = re.sub(r'"[^"]*"|\\.', "", section)
    if not LEADING_ZEROS.match(bare):
        return None
    signs, at = [], 0
    while at < len(section):
        found = TOKEN.match(section, at)
        if found is None:
            return ZeroFormat(code)
        quoted, escaped, digit, plain = found.groups()
        signs.append((quoted or escaped or digit or plain or "", digit is not None))
        at = found.end()
    return ZeroFormat(code, tuple(signs))
