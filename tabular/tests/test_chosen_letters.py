"""Letters that the bytes do not tell for certain: asked about with names, read as somebody said."""

import pytest

from tabular.errors import TableError
from tabular.previews.preview import preview_table
from tabular.snapshots.check import check_table, check_table_in_child
from tabular.source.encodings import BY_HAND, possible_letters
from tabular.source.read import iter_batches
from tabular.tests.small import SMALL, row, write_table

NAMES = {
    "gb18030": ("王伟", "李娜", "张敏"),
    "big5": ("陳美玲", "林志豪", "黃淑芬"),
    "cp932": ("佐藤花子", "鈴木一郎", "高橋"),
    "cp949": ("김민수", "이서연", "박지훈"),
    "cp1251": ("Иванов", "Петрова", "Смирнов"),
    "koi8_r": ("Иванов", "Петрова", "Смирнов"),
    "cp1253": ("Παπαδόπουλος", "Νικολάου", "Γεωργίου"),
    "cp1255": ("כהן", "לוי", "מזרחי"),
    "cp1256": ("محمد", "فاطمة", "أحمد"),
    "cp874": ("สมชาย", "สมหญิง", "ประเสริฐ"),
    "cp1250": ("Łukasz Wiśniewski", "Dvořák", "Żółkiewska"),
    "cp1257": ("Šarūnas", "Bērziņš", "Žukauskienė"),
}
# Names that look Western at first sight, read so; each file holds one of them among English ones.
TURNED = {
    "iso8859_2": ("Łukasz", "Wałęsa", "Michał", "Jiří", "Černý", "Kučera", "Němec", "Erdős"),
    "mac_roman": ("Müller", "Gärtner", "José", "Größe", "Noël"),
    "iso8859_15": ("Œuvre", "Šimek", "9 €"),
    "cp850": ("Müller", "José", "Böhm"),
    "cp932": ("タナカ", "ひらがな"),
}


def written(tmp_path, encoding):
    names = NAMES[encoding]
    rows = [row(f"{names[n % 3]}-{n:03d}") for n in range(60)]
    path = write_table(tmp_path / "t.csv", rows)
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    return path


def ids_of(path, spec):
    return [name for batch in iter_batches(path, spec, SMALL) for name in batch.ids.to_pylist()]


@pytest.mark.parametrize("encoding", NAMES)
def test_is_refused_until_somebody_says_it_and_then_read_so(tmp_path, encoding):
    path = written(tmp_path, encoding)

    for read in (lambda: check_table(path, SMALL), lambda: preview_table(path)):
        with pytest.raises(TableError) as refused:
            read()
        assert refused.value.kind == "bad_encoding"
    offered = {one.encoding: one.sample for one in possible_letters(path)}
    assert offered[encoding] == ", ".join(f"{name}-{n:03d}" for n, name in enumerate(NAMES[encoding]))

    report = check_table_in_child(path, SMALL, encoding=encoding)
    assert report.spec.encoding == encoding
    assert f"Letters were read as {BY_HAND[encoding]}, as was said." in report.warnings
    assert ids_of(path, report.spec)[:2] == [f"{NAMES[encoding][0]}-000", f"{NAMES[encoding][1]}-001"]
    assert preview_table(path, encoding=encoding).rows[2]["texts"][0] == f"{NAMES[encoding][2]}-002"


@pytest.mark.parametrize("encoding", TURNED)
def test_a_single_name_is_never_turned_into_a_western_one(tmp_path, encoding):
    for name in TURNED[encoding]:
        path = write_table(tmp_path / "t.csv", [row(f"K-{n:03d}") for n in range(40)] + [row(f"{name} 1")])
        path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))

        with pytest.raises(TableError) as refused:
            check_table(path, SMALL)

        assert refused.value.kind == "bad_encoding", name
        samples = {one.encoding: one.sample for one in possible_letters(path)}
        assert samples[encoding] == f"{name} 1"


def test_a_copy_that_is_gone_is_made_again_in_the_letters_that_were_said(tmp_path):
    path = written(tmp_path, "gb18030")
    spec = check_table(path, SMALL, encoding="gb18030").spec
    first = ids_of(path, spec)
    spec.source(path).unlink()

    assert ids_of(path, spec) == first


def test_what_cannot_be_read_so_is_refused_by_its_name(tmp_path):
    path = written(tmp_path, "cp1251")

    with pytest.raises(TableError, match=r"cannot be read as Japanese \(EUC-JP\)"):
        check_table(path, SMALL, encoding="euc_jp")
    assert list(tmp_path.glob("t.csv*")) == [path]


def test_names_of_the_west_are_read_without_a_question(tmp_path):
    names = ["Müller", "Größe", "Ägäis", "café crème", "Señor Núñez", "« Noël »", "Åse Bjørnson", "99 €"]
    names += ["São João", "Camões", "où Ève", "Niccolò", "O\u2019Brien", "«Noël»", "¿Qué?", "5 µg", "Nestlé®"]
    path = write_table(tmp_path / "t.csv", [row(f"{name} {n}") for n, name in enumerate(names * 4)])
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1252"))

    report = check_table(path, SMALL)

    assert report.spec.encoding == "cp1252"
    assert ids_of(path, report.spec)[: len(names)] == [f"{name} {n}" for n, name in enumerate(names)]


def test_english_letters_ask_nothing(tmp_path):
    assert possible_letters(write_table(tmp_path / "t.csv", [row("a")])) == []
