"""What the number formats of a workbook show: openpyxl tells which of them are dates."""

from __future__ import annotations

import re

from tabular.source.archive import Archive, corrupt
from tabular.source.percent_formats import percent_format
from tabular.source.xlsx import Part, parse_part
from tabular.source.zero_formats import ZeroFormat, zero_format

# Built into spreadsheets of these languages without a format code; openpyxl knows all others.
EAST_ASIAN_DATES = frozenset([*range(27, 37), *range(50, 59)])
# What shows text and colours in a number format, and no part of the number.
LITERALS = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')


def styles_of(archive: Archive, name: str | None) -> list[str | ZeroFormat]:
    """Return for each style whether it shows a ``moment``, perhaps only a ``time`` of day, a percentage,
    zeros before a number, or nothing of that.
    """
    # Imported here: it takes a fifth of a second, and only workbooks need it.
    from openpyxl.styles.numbers import builtin_format_code, is_date_format

    part = _Styles()
    if name and archive.has(name):
        parse_part(archive, name, part)

    def shows(number: int) -> str | ZeroFormat:
        if number in EAST_ASIAN_DATES:
            return "time"
        code = part.formats.get(number) or builtin_format_code(number)
        if not is_date_format(code):
            return percent_format(code) or zero_format(code) or ""
        return "moment" if {"d", "y"} & set(LITERALS.sub("", code).lower()) else "time"

    return [shows(number) for number in part.used]


class _Styles(Part):
    def __init__(self):
        self.formats: dict[int, str] = {}
        self.used: list[int] = []
        self.inside = False

    def start(self, name, attributes):
        if name == "numFmt":
            self.formats[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self.inside = True
        elif name == "xf" and self.inside:
            self.used.append(_whole(attributes.get("numFmtId", "0")))

    def end(self, name):
        if name == "cellXfs":
            self.inside = False


def _whole(text: str | None) -> int:
    try:
        return int(text or "")
    except ValueError:
        raise corrupt("a number format has no number") from None
