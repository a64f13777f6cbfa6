"""Encodings that the bytes of a text do not tell for certain: a person chooses, by names that look right."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path

# What a person may choose, by the name that Python knows it by.
BY_HAND = {
    "gb18030": "Chinese, simplified (GBK)",
    "big5": "Chinese, traditional (Big5)",
    "cp932": "Japanese (Shift-JIS)",
    "euc_jp": "Japanese (EUC-JP)",
    "cp949": "Korean (EUC-KR)",
    "cp1251": "Cyrillic (Windows-1251)",
    "koi8_r": "Cyrillic (KOI8-R)",
    "cp1253": "Greek (Windows-1253)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "cp874": "Thai (Windows-874)",
    "cp1250": "Central European (Windows-1250)",
    "iso8859_2": "Central European (ISO 8859-2)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1257": "Baltic (Windows-1257)",
    "cp1258": "Vietnamese (Windows-1258)",
    "cp1252": "Western European (Windows-1252)",
    "iso8859_15": "Western European (ISO 8859-15)",
    "cp850": "Western European (DOS)",
    "mac_roman": "Western European (old Macs)",
}
# What is taken for Western European without anybody having said so.
GUESSED = ("cp1252", "latin-1")
SAMPLE_BYTES = 256 << 10
SHOWN_NAMES = 3
LONGEST_NAME = 40
NAMES = re.compile(r'[^,;|"\t\r\n]*[^\x00-\x7f][^,;|"\t\r\n]*')


@dataclass(frozen=True)
class Letters:
    """One encoding in which a file may be written, and what some of its cells say then."""

    encoding: str
    label: str
    sample: str

    def to_dict(self) -> dict:
        """Return the choice ready for JSON."""
        return asdict(self)


def possible_letters(path: Path) -> list[Letters]:
    """Return the encodings that the first lines with other letters than English ones may be written in.

    Those that leave the fewest signs among the letters come first. None for a file of English letters alone.
    """
    lines = _lines_with_letters(path)
    found = [(encoding, text) for encoding in BY_HAND if (text := _decoded(lines, encoding))]
    found.sort(key=lambda each: _share_of_signs(each[1]))
    return [Letters(encoding, BY_HAND[encoding], _sample(text)) for encoding, text in found]


def _lines_with_letters(path: Path) -> bytes:
    with path.open("rb") as file:
        while lines := file.readlines(SAMPLE_BYTES):
            if foreign := [line for line in lines if not line.isascii()]:
                return b"".join(foreign)[:SAMPLE_BYTES]
    return b""


def _decoded(lines: bytes, encoding: str) -> str:
    """Return the text, up to the last whole line; empty where it is none in that encoding."""
    whole = lines[: lines.rfind(b"\n") + 1] or lines
    try:
        return whole.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _share_of_signs(text: str) -> float:
    foreign = [letter for letter in text if not letter.isascii()]
    signs = sum(not letter.isalpha() for letter in foreign)
    return round(signs / max(1, len(foreign)), 1)


def _sample(text: str) -> str:
    names = dict.fromkeys(name.strip()[:LONGEST_NAME] for name in NAMES.findall(text))
    shown = list(names)[:SHOWN_NAMES]
    return ", ".join("".join(c if c.isprintable() else "\ufffd" for c in name) for name in shown)
