"""Each refusal says the true reason first and then what to do."""

import re

import pytest

from tabular.errors import KINDS, TableError, shown
from tabular.previews.preview import preview_table
from tabular.snapshots.check import check_table
from tabular.source.sniff import survey_file, write_text_copy
from tabular.tests.own_tables import planned
from tabular.tests.small import HEADER, SMALL, row, write_table

WHAT_TO_DO = re.compile(
    r"\b(add|choose|close|correct|download|keep|leave|make|open|put|remove|rename|save|say|shorten|split|upload)\b",
    re.IGNORECASE,
)
TABLE = b"id,plan,months,total,note,left\n" + b"a,Basic,3,9.5,,No\n" * 3


def refusal(read):
    with pytest.raises(TableError) as refused:
        read()
    assert refused.value.kind in KINDS
    return refused.value


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n\n",
        b"id,plan,months,total\n",
        b"id\na\nb\n",
        b"id,plan\na,Basic\n",
        b"%PDF-1.7",
        b"id,plan,months,total\n" + b"x" * 40_000 + b",Basic,3,1\n",
        b'id,plan,months,total\n"a,Basic,3,1\n',
        b"id,plan,months,total\na,Basic,long,1\n",
        b"id,plan,months,total\na,Basic,3,1\nb,Basic,long,1\n",
        TABLE.replace(b"Basic", b"Ba\0ic"),
        b",".join(b"c%d" % n for n in range(20_021)) + b"\n",
    ],
)
@pytest.mark.parametrize("read", [preview_table, lambda path: check_table(path, SMALL)], ids=["log", "table"])
def test_ends_with_what_to_do(read, content, tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    try:
        read(path)
    except TableError as error:
        _, _, rest = error.message.partition(". ")
        assert WHAT_TO_DO.search(rest or error.message), error.message
    else:
        assert read is preview_table  # one row per purchase has rows of its own to refuse, later


def test_a_table_without_the_outcome_or_with_too_little_of_it_is_told_what_to_add(tmp_path):
    without = write_table(
        tmp_path / "a.csv", [row()[:5]] * 9, header=["id", "plan", "months", "total", "note"]
    )
    rare = write_table(tmp_path / "b.csv", [row(f"c{n}", left="Yes" if n == 0 else "No") for n in range(9)])

    said = [refusal(lambda path=path: check_table(path, SMALL, purpose="train")) for path in (without, rare)]

    assert [error.kind for error in said] == ["missing_columns", "too_few_minority"]
    assert said[0].message.endswith("Add it and upload the file again.")
    assert said[1].message.endswith("Add more of them.")


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path):
    path = write_table(tmp_path / "t.csv", [row(f"c{n}") for n in range(9)])

    error = refusal(lambda: preview_table(path).column("price"))

    assert error.message.startswith("The file has no column 'price'. Choose one of its own: 'id', 'plan'")
    assert error.columns == ("price",)
    assert refusal(lambda: planned(path, outcome="price")).message == error.message


def test_null_characters_are_not_called_zero_bytes_and_their_row_is_named(tmp_path):
    path = tmp_path / "t.csv"
    early = TABLE.replace(b"a,Basic,3,9.5,,No\n" * 3, b"a,Basic,3,9.5,,No\nb,Ba\0sic,3,9.5,,No\n")
    late = TABLE + b"b,Basic,3,9.5,,No\n" * 5_000 + b"c,Ba\0sic,3,9.5,,No\n"

    for content, line in ((early, 3), (late, 5_005)):
        path.write_bytes(content)
        error = refusal(lambda: survey_file(path))
        assert error.line == line
        assert error.message.startswith(f"Row {line:,} holds a null character, which no text has")
        assert "zero" not in error.message


def test_a_null_character_of_another_encoding_has_its_row_too(tmp_path):
    path, copy = tmp_path / "t.csv", tmp_path / "copy.csv"
    path.write_bytes("id,plan\na,Basic\nb,Ba\0sic\n".encode("utf-16"))

    error = refusal(lambda: write_text_copy(path, survey_file(path), copy))

    assert error.message.startswith("Row 3 holds a null character")


def test_a_file_of_control_characters_names_the_first_row_of_them(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,plan\na,Basic\n" + b"\x01\x02" * 50)

    assert refusal(lambda: survey_file(path)).message.startswith("Row 3 holds a control character")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("12\u200b", "'12[zero-width blank]'"),
        ("\u200b", "'[zero-width blank]'"),
        ("\ufeffid", "'[byte order mark]id'"),
        ("1\xa0000", "'1[no-break blank]000'"),
        ("a\x07b", "'a\ufffdb'"),
    ],
)
def test_what_nobody_sees_in_a_cell_is_called_by_its_name(cell, said):
    assert shown(cell) == said


def test_a_zero_width_blank_in_a_number_is_named_in_the_refusal(tmp_path):
    path = write_table(tmp_path / "t.csv", [row(), row("b", months="4\u200b")])

    error = refusal(lambda: check_table(path, SMALL))

    assert (error.kind, error.line, error.column) == ("bad_number", 3, "months")
    assert "'4[zero-width blank]' is not a number" in error.message


@pytest.mark.parametrize(
    ("above", "row_of_names"),
    [([["Customers of May"]], 2), ([["Customer", "", "Money", "", "", ""], ["", "", "", "", "", ""]], 3)],
)
def test_names_below_a_title_or_names_of_groups_are_found(above, row_of_names, tmp_path):
    rows = [*above[1:], HEADER, *(row(f"c{n}") for n in range(9))]
    path = write_table(tmp_path / "t.csv", rows, header=above[0])

    error = refusal(lambda: check_table(path, SMALL))

    assert (error.kind, error.line) == ("missing_columns", row_of_names)
    assert error.message.startswith(f"The names of the columns stand in row {row_of_names},")
    assert "Delete the rows above" in error.message
