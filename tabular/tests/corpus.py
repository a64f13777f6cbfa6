"""The corpus of hostile files, made once per machine, and a check of all of them in one limited process."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tabular.errors import TableError
from tabular.snapshots.check import check_table
from tabular.tests.telco import SCHEMAS

ROOT = Path(__file__).resolve().parents[2]
MAKER = ROOT / "../shared/badfiles/make_bad_files.py"
DECISIONS = ROOT / "docs/upload-decisions.md"


def corpus_folder() -> Path:
    """Return the folder with the files and their manifest, making it where it is missing."""
    key = hashlib.sha256(MAKER.read_bytes()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"churnbuster-badfiles-{key}"
    if not folder.exists():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        subprocess.run([sys.executable, str(MAKER), str(making)], check=True, capture_output=True)
        try:
            making.rename(folder)
        except OSError:
            # Another test process was faster.
            shutil.rmtree(making)
    return folder


def manifest() -> dict:
    """Return the manifest of the corpus."""
    return json.loads((corpus_folder() / "manifest.json").read_text())


def check_all(*, folder: str, workplace: str, on_progress) -> list[dict]:
    """Check every file for both purposes; this runs in a limited child process."""
    outcomes = []
    for case in json.loads(Path(folder, "manifest.json").read_text())["cases"]:
        for purpose in ("predict", "train"):
            # A copy, because the check writes beside the upload and several test processes share the corpus.
            path = Path(workplace, case["file"])
            shutil.copyfile(Path(folder, case["file"]), path)
            started = time.monotonic()
            outcome = _check(path, case, purpose)
            outcome |= {"file": case["file"], "purpose": purpose, "seconds": time.monotonic() - started}
            outcomes.append(outcome)
            path.unlink()
            outcome["left"] = sorted(p.name for p in Path(workplace).iterdir())
    return outcomes


def _check(path: Path, case: dict, purpose: str) -> dict:
    try:
        report = check_table(path, SCHEMAS[case["schema"]], purpose=purpose)
    except TableError as error:
        return {"did": "refuse", **error.as_dict()}
    for companion in report.spec.companions(path):
        companion.unlink()
    rows = {name: getattr(report, name) for name in ("rows_in", "accepted", "duplicates", "rejected")}
    return {"did": "accept", "warnings": list(report.warnings), **rows}


def decisions() -> dict[str, dict[str, str]]:
    """Return what docs/upload-decisions.md decides: {file pattern: {purpose: outcome}}."""
    rows = re.findall(
        r"^\| (\S+\.(?:csv|xlsx)) \| ([^|]+) \| ([^|]+) \|", DECISIONS.read_text(), re.MULTILINE
    )
    return {name: {"predict": predict.strip(), "train": train.strip()} for name, predict, train in rows}
