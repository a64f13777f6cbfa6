"""Check and predict a CSV file of 1 GB in child processes, as the server does, and watch their memory.

BENCH_MB sets another size. The peer is the file itself: what reads it whole needs more than it has bytes.
"""

import json
import os
import tempfile
from pathlib import Path

MEGABYTES = int(os.environ.get("BENCH_MB", "1024"))
AIM_MB, MIB = 400, 1 << 20
BLOCK = 20_000


def main():
    with tempfile.TemporaryDirectory(prefix="bench-large-") as name:
        folder = Path(name)
        rows = _write_customers(folder / "customers.csv")
        version, observed = _write_model(folder)
        print(f"{rows:,} customers, {MEGABYTES:,} MB of CSV; peak memory of the process that works.")
        print(f"{'':24}{'seconds':>9}{'rows/s':>12}{'peak MB':>9}{'of the file':>13}")
        peaks = _measure(folder, rows, version, observed)
    verdict = "Met" if max(peaks) <= AIM_MB * MIB else "Missed"
    print(f"Aim: <= {AIM_MB} MB. {verdict}.")


def _write_customers(path):
    """Write customers of DatasetA over and over, each under an id of its own."""
    from ml.samples.dataset_a import make_dataset_a

    table = make_dataset_a()
    lines = [",".join(row[1:]) for row in table.itertuples(index=False)]
    rows = 0
    with path.open("w") as file:
        file.write(",".join(table.columns) + "\n")
        while file.tell() < MEGABYTES * MIB:
            file.writelines(f"{rows + at:09d},{lines[(rows + at) % len(lines)]}\n" for at in range(BLOCK))
            rows += BLOCK
    return rows


def _write_model(folder):
    from ml.exchange.export import export_model
    from ml.learning.training import train_model
    from ml.matrix.telco import TELCO_V1
    from ml.samples.dataset_a import make_dataset_a
    from registry.engines.files import VerifiedFiles, sha256

    exported = export_model(
        train_model(make_dataset_a(), schema=TELCO_V1, model_type="gradient_boosting"), TELCO_V1
    )
    manifest = json.dumps(exported.manifest).encode()
    (folder / "model.json").write_bytes(manifest)
    (folder / "model.onnx").write_bytes(exported.onnx)
    files = VerifiedFiles(
        manifest_path=str(folder / "model.json"),
        manifest_sha256=sha256(manifest),
        onnx_path=str(folder / "model.onnx"),
        onnx_sha256=sha256(exported.onnx),
    )
    return files.to_dict(), exported.manifest["observed"]


def _measure(folder, rows, version, observed):
    from ml.matrix.telco import TELCO_V1
    from registry.engines.tables import table_schema
    from sandbox.child import supervise

    source = str(folder / "customers.csv")
    schema = table_schema(TELCO_V1, purpose="predict", observed=observed).to_dict()
    limits = {"memory_bytes": 4 * AIM_MB * MIB, "seconds": 3600}
    check = {
        "path": source, "schema": schema, "purpose": "predict", "bad_rows": "refuse",
        "rejects_path": None, "max_bytes": 2 * MEGABYTES * MIB,
    }  # fmt: skip
    checked = supervise("tabular.snapshots.check:check_for_parent", check, **limits)
    score = {
        "source": source, "spec": checked.result["spec"], "schema": schema, "version": version,
        "policy": "segments_v2", "csv_path": str(folder / "result.csv"),
        "table_path": str(folder / "result.parquet"),
    }  # fmt: skip
    scored = supervise("predictions.engines.batch:score_file", score, **limits)
    assert scored.result["rows"] == rows
    for label, outcome in (("check", checked), ("predict (boosted trees)", scored)):
        print(
            f"{label:24}{outcome.seconds:9.1f}{rows / outcome.seconds:12,.0f}{outcome.peak_bytes / MIB:9,.0f}"
            f"{outcome.peak_bytes / MIB / MEGABYTES:13.2f}"
        )
    return [checked.peak_bytes, scored.peak_bytes]


if __name__ == "__main__":
    main()
