"""Where the rows of an upload are found: in itself or in a copy, below which header, between which signs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tabular.source.encodings import BY_HAND
from tabular.source.header import Layout
from tabular.source.sniff import Progress, survey_file, write_text_copy
from tabular.source.spec import ParseSpec


def locate_rows(
    path: Path,
    canonical: Path,
    *,
    read_header: Callable[..., Layout],
    encoding: str | None = None,
    wanted: str | None = None,
    fits: Callable[[Sequence[str]], bool] | None = None,
    on_progress: Progress,
    on_letters: Progress | None = None,
) -> tuple[ParseSpec, list[str]]:
    """Return how the rows of an upload are found, before any was read, and what the user should know.

    Parameters
    ----------
    canonical
        Where the copy goes that a workbook or another encoding needs.
    read_header
        Finds the header in a UTF-8 file: takes ``bom``, ``sheet`` and perhaps ``delimiters``.
    encoding
        One of `encodings.BY_HAND`, where a person said how the text is written.
    wanted, fits
        Of a workbook: the sheet that somebody named, and which names of columns are asked for; see
        `sheets.write_sheet_copy`.
    on_progress, on_letters
        Called while a workbook is copied, and while the letters of a text are looked at and copied.

    Raises
    ------
    TableError
        The file is no table, or its header is refused.
    """
    survey = survey_file(path, encoding=encoding, on_progress=on_letters)
    sheet, note, bom, warnings, delimiters = None, "", survey.bom, [], {}
    if survey.format == "xlsx":
        # Imported here: most uploads are no workbooks, and need none of its machinery.
        from tabular.source.sheets import write_sheet_copy

        copy = write_sheet_copy(path, canonical, sheet=wanted, fits=fits, on_progress=on_progress)
        sheet, note, bom, delimiters = copy.sheet, copy.note, 0, {"delimiters": ","}
        warnings += copy.warnings
    elif survey.needs_copy:
        write_text_copy(path, survey, canonical, on_progress=on_letters)
        bom = 0
    layout = read_header(canonical if survey.needs_copy else path, bom=bom, sheet=note, **delimiters)
    table = ParseSpec(
        format=survey.format,
        encoding=survey.encoding,
        delimiter=layout.delimiter,
        header=layout.header,
        header_line=layout.header_line,
        first_line=layout.first_line,
        data_at=layout.data_at,
        positions=layout.positions,
        sha256=survey.sha256,
        size=survey.size,
        sheet=sheet,
        canonical=survey.needs_copy,
    )
    if encoding and survey.encoding == encoding:
        warnings.append(f"Letters were read as {BY_HAND[encoding]}, as was said.")
    return table, warnings
