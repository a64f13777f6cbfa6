"""Every file of the corpus ends as its manifest says, or as we decided where the manifest leaves the
choice.
"""

import csv
import fnmatch
import io
from pathlib import Path

import pytest

from sandbox.child import supervise
from tabular.errors import TableError
from tabular.snapshots.check import check_table, check_table_in_child
from tabular.snapshots.write import ResultWriter
from tabular.source.danger import DANGEROUS, original
from tabular.source.read import iter_batches
from tabular.tests import corpus
from tabular.tests.telco import SCHEMAS, TELCO

if not corpus.MAKER.exists():
    pytest.skip("the corpus of hostile files (../shared/badfiles) is not here", allow_module_level=True)

MANIFEST = corpus.manifest()
CASES = {case["file"]: case for case in MANIFEST["cases"]}
DECISIONS = corpus.decisions()
MEMORY = 300 << 20


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """All files checked in one child process, within the memory that each of them may take."""
    arguments = {"folder": str(corpus.corpus_folder()), "workplace": str(tmp_path_factory.mktemp("uploads"))}
    done = supervise("tabular.tests.corpus:check_all", arguments, memory_bytes=MEMORY, seconds=300)
    assert done.peak_bytes < MEMORY
    return {(outcome["file"], outcome["purpose"]): outcome for outcome in done.result}


def decided(name: str, purpose: str) -> str:
    return next(row[purpose] for pattern, row in DECISIONS.items() if fnmatch.fnmatch(name, pattern))


@pytest.mark.parametrize("purpose", ["predict", "train"])
@pytest.mark.parametrize("name", CASES)
def test_ends_as_the_manifest_says(name, purpose, outcomes):
    case, outcome = CASES[name], outcomes[name, purpose]
    expected = case[purpose]["expect"]
    if expected == "either":
        decision = decided(name, purpose).split()
        expected = {"refuse": "reject", "accept": "accept_warn" if "warn" in decision else "accept"}[
            decision[0]
        ]
        if expected == "reject":
            assert decision[1] == case[purpose]["reason"]

    if expected == "reject":
        assert (outcome["did"], outcome["kind"]) == ("refuse", case[purpose]["reason"])
        assert_points_at(case.get("at", {}), outcome)
    else:
        assert outcome["did"] == "accept", outcome
        assert_accounts_for_rows(case.get("check", {}), outcome)
        # Odd values may be worth a sentence in any file; where the manifest asks for one it must be there.
        assert outcome["warnings"] or expected == "accept"

    assert outcome["seconds"] < 10
    assert outcome["left"] == []


def assert_points_at(at: dict, outcome: dict):
    if "line" in at:
        assert outcome["line"] == at["line"]
        assert f"Row {at['line']:,}" in outcome["message"]
    if "column" in at:
        assert outcome["column"] == at["column"]
        assert at["column"] in outcome["message"]
    if "columns_named" in at:
        assert len(outcome["columns"]) == at["columns_named"]


def assert_accounts_for_rows(check: dict, outcome: dict):
    assert outcome["rows_in"] == outcome["accepted"] + outcome["duplicates"] + outcome["rejected"]
    if "rows" in check:
        assert outcome["accepted"] == check["rows"]
    if "duplicates_reported" in check:
        assert outcome["duplicates"] == check["duplicates_reported"]


def test_every_open_choice_is_decided_and_no_decision_is_left_over():
    open_choices = {
        n for n, case in CASES.items() if "either" in (case["train"]["expect"], case["predict"]["expect"])
    }

    assert all(any(fnmatch.fnmatch(name, pattern) for pattern in DECISIONS) for name in open_choices)
    assert all(fnmatch.filter(CASES, pattern) for pattern in DECISIONS)


def test_no_file_breaks_out(outcomes):
    assert not Path(MANIFEST["canary"]).exists()
    assert not Path("/tmp/badfiles_slip").exists()
    assert not Path("/tmp/badfiles_slip_abs").exists()
    assert not any("root:" in str(outcome.get("message")) for outcome in outcomes.values())


@pytest.mark.cold_children
@pytest.mark.parametrize(
    "name",
    [
        "commas_storm.csv",
        "cell_2mb.csv",
        "xlsx_bomb_rows.xlsx",
        "xlsx_billion_laughs.xlsx",
        "xlsx_many_entries.xlsx",
    ],
)
def test_the_worst_are_refused_by_a_child_of_their_own(name, tmp_path):
    path = tmp_path / "upload"
    path.write_bytes((corpus.corpus_folder() / name).read_bytes())

    with pytest.raises(TableError) as refusal:
        check_table_in_child(path, SCHEMAS[CASES[name]["schema"]], memory_bytes=MEMORY, seconds=10)

    assert refusal.value.kind == CASES[name]["predict"]["reason"]


def result_of(name: str, folder: Path) -> tuple[list[str], list[list[str]]]:
    """Return the ids as read, and the rows of the result file."""
    path = folder / name
    path.write_bytes((corpus.corpus_folder() / name).read_bytes())
    spec = check_table(path, TELCO).spec
    ids = []
    with ResultWriter(folder / "result.csv", spec, ["prediction", "churn_probability"]) as result:
        for batch in iter_batches(path, spec, TELCO):
            ids += batch.ids.to_pylist()
            result.write(batch, {"prediction": ["Yes"] * len(batch), "churn_probability": [0.5] * len(batch)})
    text = (folder / "result.csv").read_text(encoding="utf-8-sig")
    return ids, list(csv.reader(io.StringIO(text, newline=""), delimiter=spec.delimiter))


@pytest.mark.parametrize(
    "name",
    [
        "telco_ids_look_like_numbers.csv",
        "telco_unicode_ids.csv",
        "telco_formula_cells.csv",
        "telco_blank_lines.csv",
    ],
)
def test_ids_stay_byte_for_byte(name, tmp_path):
    text = (corpus.corpus_folder() / name).read_text(encoding="utf-8")
    written = [row[0] for row in csv.reader(io.StringIO(text, newline="")) if row][1:]

    ids, rows = result_of(name, tmp_path)

    assert ids == written
    assert [original(row[0]) for row in rows[1:]] == written


def test_no_cell_of_a_download_starts_a_formula(tmp_path):
    _, rows = result_of("telco_formula_cells.csv", tmp_path)

    assert not [cell for row in rows for cell in row if DANGEROUS.match(cell) and not cell.startswith("'")]
    assert {len(row) for row in rows} == {23}


def test_a_workbook_and_a_csv_of_the_same_rows_read_alike(tmp_path):
    batches = []
    for name in ("telco_ok.csv", "xlsx_ok.xlsx"):
        path = tmp_path / name
        path.write_bytes((corpus.corpus_folder() / name).read_bytes())
        spec = check_table(path, TELCO).spec
        batches.append(next(iter_batches(path, spec, TELCO)))

    plain, book = batches
    assert plain.ids.equals(book.ids)
    for name, array in plain.columns.items():
        assert array.to_pylist() == book.columns[name].to_pylist()
