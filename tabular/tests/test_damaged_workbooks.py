"""A workbook whose inside was tampered with is read or refused; nothing in it ends in an error of ours."""

import io
import zipfile

import pytest
import xlsxwriter

from tabular.errors import TableError
from tabular.snapshots.check import check_table
from tabular.tests.small import HEADER, SMALL, row

SHEET, STYLES = "xl/worksheets/sheet1.xml", "xl/styles.xml"
THOUSANDS = "9" * 5_000


@pytest.fixture(scope="module")
def parts():
    """Return the parts of a workbook of two customers, whose numbers have a style of their own."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        page, style = book.add_worksheet(), book.add_format({"num_format": "0.00"})
        for place, cells in enumerate([HEADER, row("a"), row("b")]):
            for column, cell in enumerate(cells):
                if cell.replace(".", "").isdigit():
                    page.write_number(place, column, float(cell), style)
                else:
                    page.write_string(place, column, cell)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def write_workbook(path, parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def tampered(parts, name, old, new):
    assert old in parts[name]
    return parts | {name: parts[name].replace(old, new, 1)}


def test_the_untouched_one_is_read(parts, tmp_path):
    report = check_table(write_workbook(tmp_path / "t.xlsx", parts), SMALL)

    assert report.accepted == 2


@pytest.mark.parametrize("number", ["²", "٣", "-1", "1_0", THOUSANDS])
@pytest.mark.parametrize("old", ['<row r="2"', 't="s"><v>0</v>'])
def test_a_row_or_a_text_with_an_impossible_number_is_refused(parts, tmp_path, old, number):
    new = old.replace('"2"', f'"{number}"').replace(">0<", f">{number}<")
    path = write_workbook(tmp_path / "t.xlsx", tampered(parts, SHEET, old, new))

    with pytest.raises(TableError) as refusal:
        check_table(path, SMALL)

    assert refusal.value.kind == "corrupt_archive"


@pytest.mark.parametrize("number", ["²", "٣", "-1", THOUSANDS])
def test_a_style_that_is_not_there_is_no_date(parts, tmp_path, number):
    path = write_workbook(tmp_path / "t.xlsx", tampered(parts, SHEET, 's="1"', f's="{number}"'))

    assert check_table(path, SMALL).accepted == 2


@pytest.mark.parametrize("encoding", ["no-such-encoding", "shift_jis", "utf-7", "idna", "base64"])
@pytest.mark.parametrize("name", [SHEET, STYLES, "xl/workbook.xml"])
def test_a_part_in_another_encoding_is_refused(parts, tmp_path, name, encoding):
    path = write_workbook(tmp_path / "t.xlsx", tampered(parts, name, "UTF-8", encoding))

    with pytest.raises(TableError, match=encoding) as refusal:
        check_table(path, SMALL)

    assert refusal.value.kind == "corrupt_archive"
