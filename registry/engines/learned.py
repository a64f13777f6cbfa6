"""From whom a version learned: the customers of its table who were not held out. Knows no Django."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from ml.evaluation.equal_rows import equal_rows_tell
from ml.matrix.hashing import hash_rows
from ml.matrix.schemas import FeatureSchema
from registry.engines.files import FileMismatch, FileUnreachable, copy_registered, read_verified
from tabular.errors import TableError
from tabular.snapshots.check import check_table
from tabular.source.read import iter_batches
from tabular.values.schema import TableSchema


@dataclass(frozen=True)
class LearnedTable:
    """The stored table of a version, and how it was split. Plain texts, ready for JSON.

    Parameters
    ----------
    path, sha256
        The table, and which bytes it must hold.
    schema
        `TableSchema.to_dict`: how it is read.
    rows
        How many customers it has: those learned from, those held out, and twins of the latter.
    seed
        Of the split, where it follows from the rows.
    held_out_path, held_out_sha256
        The list of who was held out, where it does not follow from the rows.
    """

    path: str
    sha256: str
    schema: dict
    rows: int
    seed: int
    held_out_path: str | None = None
    held_out_sha256: str | None = None

    def to_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Learned:
    """Those that a version learned from.

    Parameters
    ----------
    ids
        Text, in the order of the table.
    hashes
        The different ones of `ml.matrix.hashing.hash_rows`, in order; none where equal rows are no sign of
        the same customer.
    """

    ids: pa.Array
    hashes: np.ndarray


def read_learned(stored: LearnedTable, folder: Path, features: FeatureSchema) -> Learned | None:
    """Return those that a version learned from by `features`; None where that cannot be told any more.

    Only ids, outcomes and a number for each row are kept in memory; `folder` takes drafts.

    Raises
    ------
    FileUnreachable
        Its files cannot be read now.
    OSError
        The drafts cannot be written.
    """
    try:
        ids, labels, hashes = _read(stored, folder, features)
        if len(ids) != stored.rows:
            return None
        learned = ~_held_out(stored, labels)
    except FileUnreachable as unreachable:
        # Whoever named the files asked before whether their folder is away.
        if unreachable.is_missing:
            return None
        raise
    except (TableError, FileMismatch, ValueError):
        return None
    tells = equal_rows_tell(hashes, labels)
    return Learned(ids.filter(pa.array(learned)), np.unique(hashes[learned]) if tells else hashes[:0])


def _read(stored, folder, features):
    schema = TableSchema.from_dict(stored.schema)
    # The check may put files beside the one that it reads, and nobody may change it meanwhile.
    with tempfile.TemporaryDirectory(dir=folder) as drafts:
        copy = Path(drafts) / "table"
        copy_registered(stored.path, copy)
        spec = check_table(copy, schema, purpose="train", max_bytes=copy.stat().st_size).spec
        if spec.sha256 != stored.sha256:
            raise FileMismatch(f"{Path(stored.path).name} is not the file that was registered.")
        ids, labels, hashes = [], [], []
        for batch in iter_batches(copy, spec, schema):
            ids.append(batch.ids.cast(pa.string()))
            labels.append(batch.columns[schema.the("label").name].indices.to_numpy(zero_copy_only=False))
            hashes.append(hash_rows(batch.columns, features))
    return pa.concat_arrays(ids), np.concatenate(labels), np.concatenate(hashes)


def _held_out(stored, labels):
    if stored.held_out_path:
        bits = read_verified(stored.held_out_path, stored.held_out_sha256)
        return np.unpackbits(np.frombuffer(bits, np.uint8), count=len(labels)).astype(bool)
    # Only tables from before uploads were added need it, and it loads a learning library.
    from ml.learning.splits import split_rows

    held_out = np.zeros(len(labels), dtype=bool)
    held_out[split_rows(labels, stored.seed)[1]] = True
    return held_out
