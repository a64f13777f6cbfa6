"""What was written is what is read: ids byte for byte, every row once, the same by either path."""

import contextlib
import csv
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tabular.errors import TableError
from tabular.snapshots.check import check_table
from tabular.snapshots.write import ResultWriter
from tabular.source.danger import original
from tabular.source.parse import Plan, iter_parsed
from tabular.source.read import iter_batches
from tabular.tests.small import SMALL, row, write_table
from tabular.values import cells
from tabular.values.cells import BadCell
from tabular.values.schema import Column

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

# Anything that may stand in a cell: quotes, delimiters, line breaks, formulas, all scripts. Not control
# characters: a file with many of them is no text, and refused as that.
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
tricky = st.one_of(texts, st.text(st.sampled_from("a,;\"\n\r\t=+-@'| é\uff1d1"), max_size=8))
ids = tricky.filter(lambda text: not cells.is_blank(text))


def read_ids(path, report, **options):
    return [
        name for batch in iter_batches(path, report.spec, SMALL, **options) for name in batch.ids.to_pylist()
    ]


@QUICK
@given(
    names=st.lists(ids, min_size=1, max_size=12, unique=True),
    notes=st.lists(tricky, min_size=12, max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    eol=st.sampled_from(["\n", "\r\n"]),
    quote_all=st.booleans(),
)
def test_ids_and_notes_come_back_byte_for_byte(names, notes, delimiter, eol, quote_all):
    rows = [row(name, note=note) for name, note in zip(names, notes, strict=False)]
    with TemporaryDirectory() as folder:
        path = write_table(Path(folder, "t.csv"), rows, delimiter=delimiter, eol=eol, quote_all=quote_all)
        report = check_table(path, SMALL)
        with ResultWriter(Path(folder, "result.csv"), report.spec, ["prediction"]) as result:
            for batch in iter_batches(path, report.spec, SMALL):
                assert batch.raw.to_pylist() == [dict(zip(report.spec.names, r, strict=True)) for r in rows]
                result.write(batch, {"prediction": [1] * len(batch)})
        with open(Path(folder, "result.csv"), encoding="utf-8", newline="") as file:
            written = list(csv.reader(file, delimiter=delimiter))[1:]

        assert read_ids(path, report) == names
        assert [[original(r[0]), original(r[4]), r[6]] for r in written] == [[r[0], r[4], "1"] for r in rows]
        assert not [
            r for r in written if original(r[0]) == r[0] and r[0][0] in "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
        ]


@QUICK
@given(
    rows=st.lists(
        st.builds(
            row,
            name=st.sampled_from(["a", "b", "c", "d", "", " "]),
            months=st.sampled_from(["0", "3", "-1", "x", "2.5"]),
            total=st.sampled_from(["1", "", "9e9", "nan"]),
            note=st.sampled_from(["", "x", "two\nlines", '"']),
        ),
        max_size=12,
    ),
    extra=st.sampled_from(["", "\n", " \n", ",,,,,\n", "a,b\n"]),
)
def test_every_row_is_accepted_a_duplicate_or_rejected(rows, extra):
    with TemporaryDirectory() as folder:
        path = write_table(Path(folder, "t.csv"), rows)
        with path.open("a") as file:
            file.write(extra)
        try:
            report = check_table(path, SMALL, bad_rows="leave_out", rejects_path=Path(folder, "rejects.csv"))
        except TableError as error:
            assert error.kind == "no_rows"
            return
        rejects = 0
        if report.rejects_path:
            with open(report.rejects_path, encoding="utf-8-sig", newline="") as file:
                rejects = len(list(csv.reader(file))) - 1

        assert report.rows_in == len(rows) + (extra == "a,b\n")
        assert report.rows_in == report.accepted + report.duplicates + report.rejected
        assert report.rejected == rejects
        assert len(read_ids(path, report)) == len(set(read_ids(path, report))) == report.accepted


@QUICK
@given(
    rows=st.lists(st.tuples(ids, tricky), min_size=1, max_size=30),
    block=st.integers(20, 400),
    eol=st.sampled_from(["\n", "\r\n"]),
)
def test_it_does_not_matter_where_a_block_ends(rows, block, eol):
    table = [row(f"{place}{name}", note=note) for place, (name, note) in enumerate(rows)]
    with TemporaryDirectory() as folder:
        path = write_table(Path(folder, "t.csv"), table, eol=eol)
        spec = check_table(path, SMALL).spec
        nothing = np.empty(0, np.int64)
        parts = list(iter_parsed(path, Plan(spec, SMALL), nothing, block_bytes=block))

        assert [name for part in parts for name in part.ids.to_pylist()] == [r[0] for r in table]
        assert [r["note"] for part in parts for r in part.raw().to_pylist()] == [r[4] for r in table]
        lines = [line for part in parts for line in part.lines.tolist()]
        assert lines == [line for batch in iter_batches(path, spec, SMALL) for line in batch.lines.tolist()]


numberish = st.one_of(
    st.floats(allow_nan=True).map(repr),
    st.integers().map(str),
    st.text(st.sampled_from("0123456789.eE+-_ \t,infa\u0661"), min_size=1, max_size=9),
    st.sampled_from(
        [
            "inf",
            "-Infinity",
            "nan",
            "NaN",
            "1_0",
            "0x10",
            "1e400",
            "1.",
            ".5",
            "+5",
            "\u0663",
            "\u22121",
            "1d5",
            "NA",
            "null",
        ]
    ),
)


@settings(QUICK, max_examples=200)
@given(texts=st.lists(numberish.filter(lambda text: not cells.is_blank(text)), min_size=1, max_size=20))
def test_numbers_in_bulk_obey_the_exact_rule(texts):
    column = Column("total", "number")
    expected = []
    for line, text in enumerate(texts, 2):
        with contextlib.suppress(BadCell):
            expected.append((line, cells.parse_number(text, column)))
    with TemporaryDirectory() as folder:
        path = write_table(Path(folder, "t.csv"), [row(f"c{i}", total=text) for i, text in enumerate(texts)])
        try:
            report = check_table(path, SMALL, bad_rows="leave_out")
        except TableError:
            assert not expected
            return
        read = [
            pair
            for batch in iter_batches(path, report.spec, SMALL)
            for pair in zip(batch.lines.tolist(), batch.columns["total"].to_pylist(), strict=True)
        ]
        assert read == expected


def test_lines_are_those_of_the_file_across_blank_lines_and_line_breaks(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('\nid,plan,months,total\n\na,Basic,1,2\n \nb,"Pro\nfessional",1,2\n\n"c",Pro,1,2')

    report = check_table(path, SMALL)
    batches = list(iter_batches(path, report.spec, SMALL))

    assert [line for batch in batches for line in batch.lines.tolist()] == [4, 6, 9]


def test_batches_hold_no_more_rows_than_asked_for(tmp_path):
    path = write_table(tmp_path / "t.csv", [row(f"c{i}") for i in range(100)])
    report = check_table(path, SMALL)

    sizes = [len(batch) for batch in iter_batches(path, report.spec, SMALL, batch_rows=30)]

    assert sizes == [30, 30, 30, 10]
    assert read_ids(path, report, batch_rows=30) == [f"c{i}" for i in range(100)]


def test_refuses_another_file_than_the_one_that_was_checked(tmp_path):
    path = write_table(tmp_path / "t.csv", [row("a")])
    report = check_table(path, SMALL)
    write_table(path, [row("a", total="x")])

    with pytest.raises(TableError, match="not the one that was checked"):
        list(iter_batches(path, report.spec, SMALL))
    with pytest.raises(TableError, match="has changed"):
        list(iter_batches(path, report.spec, SMALL, verify=True))


def test_makes_a_lost_copy_again(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("id;plan;months;total\nJosé;Basic;1;2\n".encode("latin-1"))
    report = check_table(path, SMALL)
    os.unlink(report.spec.source(path))

    assert read_ids(path, report) == ["José"]
