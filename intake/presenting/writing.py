"""How a text file is written, in words: every page that tells of one says it alike."""

from tabular.source.encodings import BY_HAND

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a byte order mark",
    "utf-16": "UTF-16",
    "latin-1": "Western European (Latin-1)",
    **BY_HAND,
}
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}


def encoding_in_words(name: str) -> str:
    """Return what people call an encoding that Python knows by `name`."""
    return ENCODINGS.get(name, name)


def delimiter_in_words(sign: str) -> str:
    """Return what stands between the columns of a file."""
    return DELIMITERS.get(sign, f"“{sign}”")
