"""Retraining itself: two files in, a model and its comparison out. Runs in a child, without Django."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ml.exchange.export import export_model
from ml.learning.splits import continue_split, hash_split, split_rows
from ml.learning.training import train_model
from ml.learning.twins import find_twins
from ml.matrix.frames import clean_frame, hash_frame, read_labels
from ml.matrix.schemas import FeatureSchema
from ml.samples.invented import is_invented
from registry.engines.exported import write_exported
from registry.engines.files import (
    FileMismatch,
    FileUnreachable,
    answering_where_unreachable,
    copy_registered,
    open_scorer,
    read_verified,
)
from registry.engines.frames import Customers, read_customers
from registry.engines.tables import customers_table, stored_table
from tabular.errors import TableError
from tabular.snapshots.check import check_table
from tabular.source.spec import ParseSpec
from tabular.values.schema import TableSchema
from training.engines.combining import CheckedTable, combine, ids_in
from training.engines.comparing import Contender, compare_on_untouched

COMBINED, HELD_OUT = "combined.csv", "held_out.bits"
SEED = 42

Progress = Callable[[str, int, int], None]


@answering_where_unreachable
def retrain(
    *,
    folder: str,
    older: dict | None,
    newer: dict,
    invented: list[dict],
    schema: dict,
    reading: dict | None,
    model_type: str,
    params: dict,
    existing: list[dict],
    slices: list[str],
    threshold: float,
    value_column: str | None,
    max_bytes: int,
    on_progress: Progress,
) -> dict:
    """Combine two tables, learn from both, and compare; arguments and answer are plain JSON.

    Parameters
    ----------
    folder
        An empty folder: combined table, manifest, graph and pipeline are left in it.
    older
        ``path`` and ``sha256`` of what the company had; in ``held_out`` the same of the list who was held out
        of it, or None for an original, whose split follows from its rows; in ``uploads`` how many customers
        each upload brought, where that is known. None where `newer` is the first table of its customers.
    newer
        ``path`` and ``spec`` of the upload, and its ``number`` among them.
    invented
        The tables in `older` whose customers the product made up: as `older` an original, as `newer` an
        upload. Whether `newer` is one of them its hash says.
    reading
        `SnapshotPlan.to_dict`: how a company's own tables are written; None where they are as `schema` says.
    existing
        The versions to compare with: ``key``, ``name``, ``files``
        (`registry.engines.files.VerifiedFiles`), and under ``data`` path and hash of what each
        learned from, or None.
    slices
        Features by whose parts the figures are given as well.
    threshold
        Probability from which on a customer is named as leaving.
    value_column
        What a customer pays a month; None where no column says it.
    max_bytes
        The largest table that is read.

    Returns
    -------
    dict
        ``combined`` (hash, size, rows, churned), ``combination``, ``comparison`` and ``metadata``; or
        ``refusal``, a sentence, where nothing can be learned, or ``unreachable`` where a stored file cannot
        be read now.
    """
    work = Path(folder)
    schema = FeatureSchema.from_dict(schema)
    tables = _Tables(work, schema, stored_table(schema, reading), max_bytes)
    on_progress("Combine", 0, 0)
    was_held_out = tables.sides(older)
    upload = customers_table(schema, reading, purpose="train")
    combination = _combine(tables, older, newer, upload, work / COMBINED, on_progress)
    on_progress("Check", 0, 0)
    spec, customers = _read_combined(tables, work / COMBINED, combination)

    on_progress("Split", 0, 0)
    labels = read_labels(customers.frame, schema)
    twins = find_twins(clean_frame(customers.frame, schema), labels)
    combination.count_twins(twins)
    held_out = continue_split(customers.ids, labels, was_held_out, SEED, groups=twins)
    uploads = np.repeat(np.arange(len(combination.uploads)), combination.uploads)
    on_progress("Train", 0, 0)
    try:
        trained = train_model(
            customers.frame, schema=schema, model_type=model_type, params=params, seed=SEED,
            held_out=held_out, slices=slices, threshold=threshold, uploads=uploads,
        )  # fmt: skip
        exported = export_model(trained, schema)
    except ValueError as error:
        return {"refusal": str(error)}

    on_progress("Evaluate", 0, 0)
    contenders = [tables.contender(version) for version in existing]
    made_up = _find_invented(tables, invented, newer, upload, customers.ids, combination.kept)
    comparison = compare_on_untouched(
        customers.ids, customers.frame, labels, np.flatnonzero(held_out), trained=trained, exported=exported,
        existing=contenders, schema=schema, sliced_by=slices, value_column=value_column, twins=twins,
        invented=made_up, uploads=uploads,
    )  # fmt: skip

    on_progress("Export", 0, 0)
    (work / HELD_OUT).write_bytes(np.packbits(held_out).tobytes())
    write_exported(work, exported)
    return {
        "combined": {
            "sha256": spec.sha256,
            "size": spec.size,
            "rows": len(labels),
            "churned": int(labels.sum()),
            "held_out_sha256": hash_split(held_out),
        },
        "combination": combination.to_dict(),
        "comparison": comparison,
        "seconds": trained.seconds,
    }


def _combine(tables, older, newer, upload, target, on_progress):
    return combine(
        tables.check(older) if older else None,
        CheckedTable(Path(newer["path"]), ParseSpec.from_dict(newer["spec"])),
        upload,
        target,
        stored=tables.columns,
        upload=newer["number"],
        uploads=older and older["uploads"],
        on_progress=on_progress,
    )


def _find_invented(tables, sources, newer, upload, ids, kept):
    """Return which customers the product made up, by position; None where all are real.

    Who is in the newer table as well stands there, and not among the `kept` first.
    """
    known = {one for source in sources for one in tables.ids_of(source, upload)}
    is_made_up = is_invented(newer["spec"]["sha256"])
    if not known and not is_made_up:
        return None
    found = np.full(len(ids), is_made_up)
    found[:kept] = [one in known for one in ids[:kept]]
    return found


def _read_combined(tables, path, combination):
    # It was made from accepted rows and may be larger than any upload.
    report = check_table(path, tables.columns, purpose="train", max_bytes=path.stat().st_size)
    if report.spec.rows != combination.rows:
        raise RuntimeError(f"{combination.rows} customers were combined, {report.spec.rows} can be read.")
    customers = tables.read(CheckedTable(path, report.spec))
    _sync(path)
    return report.spec, customers


class _Tables:
    """Reads stored tables, each once."""

    def __init__(self, work, schema, columns, max_bytes):
        self.work, self.schema, self.columns, self.max_bytes = work, schema, columns, max_bytes
        self._checked = {}

    def check(self, stored: dict) -> CheckedTable:
        """Return how the stored table is read, after its bytes were found to be the registered ones."""
        sha256 = stored["sha256"]
        if sha256 not in self._checked:
            # The check may put files beside the one that it reads, and nobody may change it meanwhile.
            copy = self.work / f"table-{sha256[:16]}"
            copy_registered(stored["path"], copy)
            # What was combined before may be larger than a single upload.
            limit = max(self.max_bytes, copy.stat().st_size)
            report = check_table(copy, self.columns, purpose="train", max_bytes=limit)
            if report.spec.sha256 != sha256:
                raise TableError(
                    "type_mismatch",
                    f"The stored file {Path(stored['path']).name} is not the registered one. Ask the "
                    "operator to put it back.",
                )
            self._checked[sha256] = CheckedTable(copy, report.spec)
        return self._checked[sha256]

    def read(self, table: CheckedTable) -> Customers:
        return read_customers(table.path, table.spec, self.columns)

    def ids_of(self, source: dict, upload: TableSchema) -> list[str]:
        """Return who is in a stored table, or in an upload of earlier."""
        if "spec" not in source:
            return self.read(self.check(source)).ids
        return ids_in(
            CheckedTable(Path(source["path"]), ParseSpec.from_dict(source["spec"])), upload, source["number"]
        )

    def sides(self, stored: dict | None) -> dict[str, bool]:
        """Return for each customer of a stored table whether it was held out; nobody without a table."""
        if stored is None:
            return {}
        customers = self.read(self.check(stored))
        return dict(zip(customers.ids, self.held_out(stored, customers), strict=True))

    def held_out(self, stored: dict, customers: Customers) -> np.ndarray:
        """Return who was held out of a stored table, by position."""
        if not stored.get("held_out"):
            held_out = np.zeros(len(customers.ids), dtype=bool)
            held_out[split_rows(read_labels(customers.frame, self.schema), SEED)[1]] = True
            return held_out
        try:
            bits = read_verified(stored["held_out"]["path"], stored["held_out"]["sha256"])
        except FileMismatch as mismatch:
            if isinstance(mismatch, FileUnreachable) and not mismatch.is_missing:
                raise
            # Whoever was held out might be learned from now, and every comparison after that be flattered.
            raise TableError(
                "type_mismatch",
                f"Who was held out of the data so far cannot be told: {mismatch} Ask the operator to put the "
                "file back.",
            ) from mismatch
        return np.unpackbits(np.frombuffer(bits, np.uint8), count=len(customers.ids)).astype(bool)

    def contender(self, version: dict) -> Contender:
        """Open an existing version and find out whom it learned from."""
        manifest = json.loads(
            read_verified(version["files"]["manifest_path"], version["files"]["manifest_sha256"])
        )
        learned, is_known = self._learned_by(manifest, version["data"])
        return Contender(
            key=version["key"],
            name=version["name"],
            scorer=open_scorer(version["files"]),
            learned=learned,
            is_known=is_known,
        )

    def _learned_by(self, manifest, data):
        """Return the ids of those that a version learned from, and whether they are known exactly."""
        if data is None:
            return frozenset(), False
        try:
            customers = self.read(self.check(data))
            labels = read_labels(customers.frame, self.schema)
            found = hash_frame(clean_frame(customers.frame, self.schema), labels)
        except FileUnreachable as unreachable:
            # Whoever named the file asked before whether its folder is away.
            if unreachable.is_missing:
                return frozenset(), False
            raise
        except (FileMismatch, TableError, ValueError):
            return frozenset(), False
        if found != manifest.get("data_sha256"):
            # It learned from something else than this file: nobody in it can be called untouched.
            return frozenset(customers.ids), False
        if "held_out_sha256" in manifest["split"]:
            if (data.get("held_out") or {}).get("sha256") != manifest["split"]["held_out_sha256"]:
                return frozenset(customers.ids), False
            learned = np.flatnonzero(~self.held_out(data, customers))
        else:
            learned, _ = split_rows(labels, manifest["seeds"]["training"])
        return frozenset(customers.ids[position] for position in learned), True


def _sync(path):
    with path.open("rb") as file:
        os.fsync(file.fileno())
