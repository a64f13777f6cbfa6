"""What a file is, by its content and never by its name: type, encoding, hash."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tabular.errors import TableError
from tabular.source.encodings import BY_HAND

CHUNK = 4 << 20
Progress = Callable[[str, int, int], None]
OLE2 = bytes.fromhex("d0cf11e0a1b11ae1")
SPREADSHEET = "Save it as CSV (UTF-8) or as an Excel workbook (.xlsx) and upload that."

# First bytes of what people upload under the name of a table.
FOREIGN = (
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"{\\rtf", "a text document (RTF)"),
)

# Bytes that Western European text does not use: undefined in cp1252, or letters of Icelandic alone. A file
# that is not UTF-8 and holds one of them is damaged or comes from elsewhere; guessing would change names.
IMPLAUSIBLE = frozenset(b"\x81\x8d\x8f\x90\x9d\xd0\xd7\xde\xf0\xf7\xfe\xff")
UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
HIGH_BYTES = re.compile(rb"[\x80-\xff]")
LETTERS = re.compile(rb"[A-Za-z]")
# Fixed blanks between digits and currency signs beside them: what amounts are written with, not letters.
MONEY = re.compile(
    rb"(?<=[0-9])\xa0(?=[0-9\x80\xa3\xa5])"
    rb"|(?<![\xc2-\xf4])[\x80\xa3\xa5](?=[0-9])|(?<=[0-9\xa0 ])[\x80\xa3\xa5]"
)
# Two letters side by side that English has not: rare in the West, and usual where every letter is such a byte
# or a letter has two of them.
NEIGHBOURS = re.compile(rb"[\xc0-\xff][\xa1-\xff]|[\xa1-\xff][\xc0-\xff]")
# What no Western word has, and other letters look like where they are read as Western ones: signs and opening
# marks inside a word, signs before one, capitals inside one (old Macs), Czech, Polish and Hungarian letters
# by what stands beside them, a florin (Japanese), and the sign that became the euro.
TURNED = re.compile(
    rb"(?<=[A-Za-z\x8a\x9a\x9f\xc0-\xff])[\xa1-\xac\xae\xaf\xb1-\xb3\xb5\xb6\xb8-\xbf](?=[A-Za-z\xc0-\xff])"
    rb"|(?<![0-9A-Za-z\x80-\xff])[\xa3\xa6\xac\xaf\xb1-\xb3\xb6\xb9\xbc-\xbe](?=[A-Za-z]{2})"
    rb"|(?<=[a-z]{3})\xb3|(?<=[A-Za-z])\x82|(?<=[A-Za-z])[\x84\x91\x93\x94](?=[a-z\xe0-\xff])"
    rb"|(?<=[a-z])[\x8a\x8c\x8e\x9f\xc0-\xde]|(?<=[A-Za-z])[\x8a\x8c\x8e\x9f](?=[a-z])"
    rb"|(?<=[A-Za-z])[\xec\xf9](?=[A-Za-z])|[\xc8\xe8](?=[aeiouy])"
    rb"|\xf8[\xe0-\xe3\xe8-\xef\xf2-\xf5\xf9-\xfd]|[\xe0-\xe3\xe8-\xef\xf2-\xf5\xf9-\xfd]\xf8"
    rb"|\xf5(?![e\x80-\xff])|\x83|\xa4"
)
CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
# What is being done, as people read it.
LOOKING, COPYING = "Looking at the file", "Reading the characters"


@dataclass(frozen=True)
class Survey:
    """What one pass over a file found out."""

    format: str
    encoding: str
    sha256: str
    size: int
    bom: int = 0
    # Lines end in a carriage return alone, as on very old Macs.
    old_line_ends: bool = False

    @property
    def needs_copy(self) -> bool:
        """Whether the rows can only be read from a UTF-8 copy."""
        return self.format == "xlsx" or self.encoding not in ("utf-8", "utf-8-sig") or self.old_line_ends


def survey_file(path: Path, *, encoding: str | None = None, on_progress: Progress | None = None) -> Survey:
    """Find out what `path` is, refusing everything that is neither a text table nor a workbook.

    Parameters
    ----------
    encoding
        One of `encodings.BY_HAND`, where a person said how the text is written.

    Raises
    ------
    TableError
        ``empty_file``, ``type_mismatch``, ``unsupported_type``, ``encrypted``, ``binary_content``,
        ``bad_encoding``.
    """
    with path.open("rb") as file:
        head = file.read(64 << 10)
    if not head:
        raise TableError(
            "empty_file", "The file is empty (0 bytes). Choose the file that holds your customers."
        )
    _refuse_foreign(head)
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return Survey("xlsx", "utf-8-sig", sha256_of(path), path.stat().st_size)
    if encoding:
        _refuse_binary(head)
        return Survey("csv", encoding, sha256_of(path), path.stat().st_size)
    return _survey_text(path, head, on_progress)


def _refuse_foreign(head: bytes) -> None:
    for magic, what in FOREIGN:
        if head.startswith(magic):
            raise TableError("type_mismatch", f"This is {what}, not a table. {SPREADSHEET}")
    if head.startswith(OLE2):
        # A locked .xlsx and an Excel 97 .xls share this container; only the latter names its workbook stream
        # in the open.
        if "Workbook".encode("utf-16-le") in head and "EncryptedPackage".encode("utf-16-le") not in head:
            raise TableError("unsupported_type", f"This is a workbook of Excel 97-2003 (.xls). {SPREADSHEET}")
        raise TableError(
            "encrypted", "The workbook is protected by a password. Save it without one and upload that."
        )
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<html", b"<table")):
        # Some programs save a web page under the name of a spreadsheet.
        raise TableError("unsupported_type", f"This is a web page, not a table. {SPREADSHEET}")
    if start.startswith(b"<?xml"):
        raise TableError("unsupported_type", f"This is an XML document, not a table. {SPREADSHEET}")
    if re.match(rb'\[\s*[\[{]|\{\s*"', start):
        raise TableError("unsupported_type", f"This is JSON, not a table. {SPREADSHEET}")
    if start.startswith(b"+/v8"):
        raise TableError(
            "bad_encoding", "The file is written in UTF-7, which is not read. Save it as CSV (UTF-8)."
        )


def _survey_text(path: Path, head: bytes, on_progress: Progress | None) -> Survey:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise TableError(
            "bad_encoding", "The file is written in UTF-32, which is not read. Save it as CSV (UTF-8)."
        )
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Survey("csv", "utf-16", sha256_of(path), path.stat().st_size, bom=2)

    _refuse_binary(head)
    bom = 3 if head.startswith(codecs.BOM_UTF8) else 0
    digest, blank, line, newlines, returns = hashlib.sha256(), True, 1, False, False
    decoder = codecs.getincrementaldecoder("utf-8")()
    ascii_so_far, damaged = True, None
    done, total = 0, path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            if on_progress:
                on_progress(LOOKING, done, total)
            if b"\0" in chunk:
                raise _no_text("a null character", line + chunk[: chunk.index(b"\0")].count(b"\n"))
            if blank:
                text = chunk.removeprefix(codecs.BOM_UTF8) if bom else chunk
                blank = not text.strip()
            if damaged is None and not (ascii_so_far and chunk.isascii()):
                ascii_so_far = False
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    damaged = line + chunk[: error.start].count(b"\n")
            if damaged is None:
                line += chunk.count(b"\n")
            newlines = newlines or b"\n" in chunk
            returns = returns or b"\r" in chunk
    if damaged is None and not ascii_so_far:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            damaged = line
    if blank:
        raise TableError(
            "empty_file", "The file holds only blank lines. Choose the file that holds your customers."
        )
    encoding = "utf-8-sig" if bom else "utf-8"
    if damaged is not None:
        encoding = _western_encoding(path, damaged, bom)
    return Survey(
        "csv",
        encoding,
        digest.hexdigest(),
        path.stat().st_size,
        bom=bom,
        old_line_ends=returns and not newlines,
    )


def _refuse_binary(head: bytes) -> None:
    nulls = head.count(b"\0")
    if nulls:
        even = head[::2].count(b"\0")
        # Latin text in UTF-16 has a zero in every other byte, always on the same side.
        if nulls > len(head) // 4 and max(even, nulls - even) > 0.95 * nulls:
            raise TableError(
                "bad_encoding",
                "The file looks like UTF-16 without its byte order mark, so its text cannot be read for "
                "certain. "
                "Save it as CSV (UTF-8).",
            )
        raise _no_text("a null character", 1 + head[: head.index(b"\0")].count(b"\n"))
    if len(CONTROLS.findall(head)) > max(8, len(head) // 100):
        first = CONTROLS.search(head).start()
        raise _no_text("a control character", 1 + head[:first].count(b"\n"))


def _no_text(what: str, line: int) -> TableError:
    return TableError(
        "binary_content",
        f"Row {line:,} holds {what}, which no text has: this is another kind of file, or a damaged one. "
        f"{SPREADSHEET}",
        line=line,
    )


def _western_encoding(path: Path, line: int, bom: int) -> str:
    """Return cp1252 or latin-1 where that is what the file must be; refuse it where the text may be damaged
    UTF-8.
    """
    sequences = high = letters = money = beside = 0
    turned, seen = False, set()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if chunk.isascii():
                letters += len(LETTERS.findall(chunk))
                continue
            valid = UTF8_SEQUENCE.findall(chunk)
            sequences += len(valid)
            found = HIGH_BYTES.findall(chunk)
            high += len(found) - sum(map(len, valid))
            money += len(MONEY.findall(chunk))
            letters += len(LETTERS.findall(chunk))
            turned = turned or TURNED.search(chunk) is not None
            beside += 2 * len(NEIGHBOURS.findall(chunk))
            seen.update(b"".join(found))
    strange = high - money > 0.3 * letters or beside > (high - money) / 2 or turned
    if bom or sequences > high or seen & IMPLAUSIBLE or strange:
        raise TableError(
            "bad_encoding",
            f"Row {line:,} holds bytes that are not valid UTF-8, and the file does not look like "
            "Western European text either. Save it as CSV (UTF-8) and upload that.",
            line=line,
        )
    return "cp1252" if any(0x80 <= byte <= 0x9F for byte in seen) else "latin-1"


def write_text_copy(path: Path, survey: Survey, target: Path, *, on_progress: Progress | None = None) -> None:
    """Write the text of `path` in UTF-8 and with line feeds that the reader of rows understands."""
    decoder, line = codecs.getincrementaldecoder(survey.encoding)(), 1
    with path.open("rb") as file, target.open("wb") as out:
        while True:
            chunk = file.read(CHUNK)
            if on_progress:
                on_progress(COPYING, file.tell(), survey.size)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                name = BY_HAND.get(survey.encoding, survey.encoding.upper())
                raise TableError(
                    "bad_encoding", f"The file cannot be read as {name}. Save it as CSV (UTF-8)."
                ) from error
            if "\0" in text:
                raise _no_text("a null character", line + text[: text.index("\0")].count("\n"))
            if survey.old_line_ends:
                text = text.replace("\r", "\n")
            line += text.count("\n")
            out.write(text.encode())
            if not chunk:
                return


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
