"""What a child leaves of a model that learned, until it is registered. Without Django."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ml.exchange.export import ExportedModel

MANIFEST, METADATA, PIPELINE, GRAPH = "manifest.json", "metadata.json", "pipeline.pkl", "model.onnx"


def write_exported(folder: Path, exported: ExportedModel) -> None:
    """Leave a model in `folder`, on the disk and not only in the memory of the machine."""
    parts = {
        MANIFEST: json.dumps(exported.manifest, allow_nan=False).encode(),
        METADATA: json.dumps(exported.metadata, allow_nan=False).encode(),
        PIPELINE: exported.pipeline_pickle,
        GRAPH: exported.onnx,
    }
    for name, payload in parts.items():
        if payload is not None:
            with (folder / name).open("wb") as file:
                file.write(payload)
                file.flush()
                os.fsync(file.fileno())


def read_exported(folder: Path) -> ExportedModel:
    """Return what `write_exported` left in `folder`."""
    # Imported here: it brings the learning libraries, which only whoever registers needs.
    from ml.exchange.export import ExportedModel

    return ExportedModel(
        manifest=json.loads((folder / MANIFEST).read_bytes()),
        onnx=_read(folder / GRAPH),
        pipeline_pickle=_read(folder / PIPELINE),
        metadata=json.loads((folder / METADATA).read_bytes()),
    )


def _read(path):
    return path.read_bytes() if path.exists() else None
