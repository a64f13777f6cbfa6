"""Stored tables of customers as a child reads them: checked once, combined, and with who was held out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.learning.splits import continue_split, split_rows
from ml.learning.twins import find_twins
from ml.matrix.frames import clean_frame, hash_frame, read_labels
from registry.engines.files import (
    FileMismatch,
    FileUnreachable,
    copy_registered,
    open_scorer,
    read_verified,
)
from registry.engines.frames import Customers, read_customers
from tabular.errors import TableError
from tabular.snapshots.check import check_table
from tabular.source.spec import ParseSpec
from tabular.values.schema import TableSchema
from training.engines.combining import CheckedTable, Combination, combine, ids_in
from training.engines.comparing import Contender

SEED = 42

Progress = Callable[[str, int, int], None]


class StoredTables:
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
        except FileUnreachable:
            # Even where its folder is missing: the table beside it was there a moment ago.
            raise
        except FileMismatch as mismatch:
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


@dataclass(frozen=True)
class LearningTable:
    """All customers that a base knows, and who of them is held out.

    Attributes
    ----------
    labels : ndarray of int, shape (n_customers,)
    twins : ndarray of int, shape (n_customers,), or None
        See `ml.learning.twins.find_twins`.
    held_out : ndarray of bool, shape (n_customers,)
    """

    spec: ParseSpec
    customers: Customers
    combination: Combination
    labels: np.ndarray
    twins: np.ndarray | None
    held_out: np.ndarray


def combine_and_split(
    tables: StoredTables,
    older: dict | None,
    newer: dict,
    upload: TableSchema,
    target: Path,
    on_progress: Progress,
) -> LearningTable:
    """Write what was known and what came into one table at `target`, and leave everybody on their side.

    Parameters
    ----------
    older, newer
        As for `training.engines.retraining.retrain`.
    upload
        How the upload is written.
    """
    on_progress("Combine", 0, 0)
    was_held_out = tables.sides(older)
    combination = _combine(tables, older, newer, upload, target, on_progress)
    on_progress("Check", 0, 0)
    spec, customers = _read(tables, target, combination)
    on_progress("Split", 0, 0)
    labels = read_labels(customers.frame, tables.schema)
    twins = find_twins(clean_frame(customers.frame, tables.schema), labels)
    combination.count_twins(twins)
    held_out = continue_split(customers.ids, labels, was_held_out, SEED, groups=twins)
    return LearningTable(spec, customers, combination, labels, twins, held_out)


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


def _read(tables, path, combination):
    # It was made from accepted rows and may be larger than any upload.
    report = check_table(path, tables.columns, purpose="train", max_bytes=path.stat().st_size)
    if report.spec.rows != combination.rows:
        raise RuntimeError(f"{combination.rows} customers were combined, {report.spec.rows} can be read.")
    customers = tables.read(CheckedTable(path, report.spec))
    _sync(path)
    return report.spec, customers


def _sync(path):
    with path.open("rb") as file:
        os.fsync(file.fileno())
