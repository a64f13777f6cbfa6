"""Every purchase log of the corpus ends as docs/upload-decisions.md says; no other file of it gets in."""

import json
import re
import shutil
from pathlib import Path

import pytest

from sandbox.child import supervise
from tabular.errors import TableError
from tabular.logs.events import import_events
from tabular.logs.mapping import freeze
from tabular.previews.preview import preview_table
from tabular.tests import corpus
from tabular.tests.logs import NOW, guessed

if not corpus.MAKER.exists():
    pytest.skip("the corpus of hostile files (../shared/badfiles) is not here", allow_module_level=True)

CASES = {case["file"]: case for case in corpus.manifest()["cases"]}
LOGS = [name for name, case in CASES.items() if case["schema"] == "transactions"]
# What makes a file no table at all, whatever its columns are.
STRUCTURE = {
    "bad_encoding", "binary_content", "corrupt_archive", "empty_file", "encrypted", "no_rows",
    "type_mismatch", "unsupported_type", "unterminated_quote", "xml_entity", "zip_bomb",
}  # fmt: skip
MEMORY = 400 << 20
DECIDED = dict(re.findall(r"^\| `(\S+)` \| ([^|]+?) \|", corpus.DECISIONS.read_text(), re.MULTILINE))


def import_all(*, folder: str, workplace: str, on_progress) -> dict[str, dict]:
    """Import every file of the corpus by its guesses; this runs in a limited child process."""
    outcomes = {}
    for case in json.loads(Path(folder, "manifest.json").read_text())["cases"]:
        place = Path(workplace, "one")
        place.mkdir()
        shutil.copyfile(Path(folder, case["file"]), place / "upload")
        outcomes[case["file"]] = _import(place)
        shutil.rmtree(place)
    return outcomes


def _import(place: Path) -> dict:
    path = place / "upload"
    try:
        preview = preview_table(path)
        spec = freeze(preview, guessed(preview))
        targets = {"events_path": place / "events.parquet", "rejects_path": place / "rejects.csv"}
        report = import_events(path, spec, **targets, now=NOW)
    except TableError as error:
        return {"did": "refuse", **error.as_dict()}
    rejects = (place / "rejects.csv").read_text(encoding="utf-8-sig").splitlines() if report.rejected else []
    return {"did": "import", "rejects": rejects[1:], **report.to_dict()}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    arguments = {"folder": str(corpus.corpus_folder()), "workplace": str(tmp_path_factory.mktemp("logs"))}
    done = supervise(f"{__name__}:import_all", arguments, memory_bytes=MEMORY, seconds=300)
    assert done.peak_bytes < MEMORY
    return done.result


@pytest.mark.parametrize("name", LOGS)
def test_a_log_ends_as_decided(name, outcomes):
    decision, outcome = DECIDED[name].split(), outcomes[name]

    if decision[0] == "refuse":
        assert (outcome["did"], outcome["kind"]) == ("refuse", decision[1])
        return
    assert outcome["did"] == "import", outcome
    assert outcome["rows_in"] == outcome["accepted"] + outcome["duplicates"] + outcome["rejected"]
    assert bool(outcome["warnings"]) == ("warn" in decision or decision[0] == "leave")
    if decision[0] == "leave":
        at = CASES[name]["at"]
        assert outcome["rejected_by_reason"] == {decision[2]: 1}
        assert outcome["rejects"][0].startswith(f"{at['line']},{decision[2]},{at['column']},")
    else:
        assert outcome["rejected"] == 0
        assert outcome["accepted"] == CASES[name].get("check", {}).get("rows", outcome["accepted"])


def test_every_log_of_the_corpus_is_decided_and_no_decision_is_left_over():
    assert set(DECIDED) == set(LOGS)


def test_what_is_no_table_is_refused_for_the_same_reason(outcomes):
    expected = {
        name: case["predict"]["reason"]
        for name, case in CASES.items()
        if case["predict"]["expect"] == "reject" and case["predict"]["reason"] in STRUCTURE
    }

    assert {name: outcomes[name].get("kind") for name in expected} == expected


def test_no_list_of_customers_is_taken_for_a_log(outcomes):
    assert [name for name in CASES if name not in LOGS and outcomes[name]["did"] == "import"] == []
