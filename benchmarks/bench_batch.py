"""Predict 1,000,000 customers from CSV to result CSV, beside the plain way and bare reading and writing.

Peers, measured in this same run, each in a process of its own on one numerical thread:

- plain: pandas reads the file, the scikit-learn pipeline scores the frame, pandas writes it;
- bare: pyarrow reads the file as text and writes it again, nothing else.

The plain way neither checks the file nor calibrates, nor keeps ids as they come or makes formulas harmless.
Ours does; the check runs before the job and has a row of its own.
"""

import json
import os
import tempfile
from pathlib import Path

from benchmarks.children import HEADER, in_child, print_line, print_measured

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
ROUNDS = 3
MODELS = ("logistic_regression", "neural_network", "decision_tree", "random_forest", "gradient_boosting")
LINEAR = MODELS[:2]


def main():
    with tempfile.TemporaryDirectory(prefix="bench-batch-") as name:
        folder = Path(name)
        _in_child(folder, "prepare")
        check = _in_child(folder, "check")
        size = (folder / "customers.csv").stat().st_size / 1e6
        print(f"{ROWS:,} customers, {size:,.0f} MB. Best of {ROUNDS}, plain once; peak of the whole process.")
        print(HEADER)
        print_line("check, before the job", check, rows=ROWS)
        missed = []
        for model in MODELS:
            # The peers run right beside what is compared with them: other work on the machine hits all alike.
            plain = _in_child(folder, "plain", model)
            before = _in_child(folder, "bare")
            ours = _in_child(folder, "ours", model)
            with_table = _in_child(folder, "with_table", model)
            bare = min(before, _in_child(folder, "bare"), key=lambda measured: measured["seconds"])
            print(model)
            print_line("  plain", plain, rows=ROWS)
            print_line("  bare read + write", bare, rows=ROWS)
            for label, measured in (("  ours", ours), ("  + table of the page", with_table)):
                print_line(label, measured, rows=ROWS, plain=plain, bare=bare)
            missed += _missed(model, ours, plain, bare)
        print(
            "Aims: linear >= 10 x plain and >= 70 % of bare, trees >= 2.5 x plain, memory <= 0.25 of plain."
        )
        print("Missed: " + "; ".join(missed) if missed else "All met.")


def _missed(model, ours, plain, bare):
    faster, of_bare = plain["seconds"] / ours["seconds"], bare["seconds"] / ours["seconds"]
    if faster < (10 if model in LINEAR else 2.5):
        yield f"{model} {faster:.1f} x plain"
    if model in LINEAR and of_bare < 0.7:
        yield f"{model} {100 * of_bare:.0f} % of bare"
    if ours["peak"] > plain["peak"] / 4:
        yield f"{model} {ours['peak'] / plain['peak']:.2f} of the memory"


def _in_child(folder, what, model=""):
    return in_child("bench_batch", folder, what, model)


def measure(folder, what, model):
    """Do one thing `ROUNDS` times in this process and print what it took as JSON."""
    work = {
        "prepare": _prepare,
        "check": _check,
        "bare": _bare,
        "plain": _plain,
        "ours": _ours,
        "with_table": _ours,
    }
    step = work[what](Path(folder), *([model] if model else []), *([True] if what == "with_table" else []))
    print_measured(step, rounds=1 if what == "plain" else ROUNDS)


# --- What is measured ------------------------------------------------------------------------------------


def _prepare(folder):
    """Write the file (customers of DatasetA drawn again, each under an id of its own) and five models."""
    import pickle

    import numpy as np

    from ml.exchange.export import export_model
    from ml.learning.training import train_model
    from ml.matrix.telco import TELCO_V1
    from ml.samples.dataset_a import make_dataset_a

    table = make_dataset_a()
    random = np.random.default_rng(0)
    drawn = table.iloc[random.integers(0, len(table), ROWS)].copy()
    drawn["customerID"] = [f"{number:07d}-BENCH" for number in random.permutation(ROWS)]
    drawn.to_csv(folder / "customers.csv", index=False)
    for model in MODELS:
        trained = train_model(table, schema=TELCO_V1, model_type=model)
        exported = export_model(trained, TELCO_V1)
        (folder / f"{model}.json").write_text(json.dumps(exported.manifest))
        (folder / f"{model}.onnx").write_bytes(exported.onnx or b"")
        (folder / f"{model}.pkl").write_bytes(pickle.dumps(trained.pipeline))


def _bare(folder):
    import pyarrow as pa
    import pyarrow.csv as csv

    names = csv.open_csv(folder / "customers.csv").schema.names
    text = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))

    def read_and_write():
        reader = csv.open_csv(folder / "customers.csv", convert_options=text)
        options = csv.WriteOptions(quoting_style="none")
        with csv.CSVWriter(folder / "bare.csv", reader.schema, write_options=options) as writer:
            for batch in reader:
                writer.write_batch(batch)

    return read_and_write


def _plain(folder, model):
    import pickle

    import pandas as pd

    from ml.matrix.telco import TELCO_V1

    pipeline = pickle.loads((folder / f"{model}.pkl").read_bytes())
    features = list(TELCO_V1.features)

    def predict():
        frame = pd.read_csv(folder / "customers.csv", dtype={"SeniorCitizen": str})
        frame["TotalCharges"] = pd.to_numeric(frame["TotalCharges"], errors="coerce").fillna(0)
        chance = pipeline.predict_proba(frame[features])[:, 1]
        frame["prediction"] = pd.Series(chance >= 0.5).map({True: "Yes", False: "No"})
        frame["churn_probability"] = chance
        frame.to_csv(folder / "plain.csv", index=False)

    return predict


def _table_schema(folder):
    from ml.matrix.telco import TELCO_V1
    from registry.engines.tables import table_schema

    observed = json.loads((folder / f"{MODELS[0]}.json").read_text())["observed"]
    return table_schema(TELCO_V1, purpose="predict", observed=observed)


def _check(folder):
    from tabular.snapshots.check import check_table

    schema = _table_schema(folder)

    def check():
        report = check_table(folder / "customers.csv", schema, max_bytes=10**12)
        (folder / "spec.json").write_text(json.dumps(report.spec.to_dict()))

    return check


def _ours(folder, model, with_table=False):
    from ml.serving.risk import SEGMENTS_V2
    from ml.serving.scoring import Scorer
    from predictions.engines.batch import score_rows
    from sandbox.entry import leave_pandas_out
    from tabular.source.spec import ParseSpec

    # As in the child of a job.
    leave_pandas_out()
    manifest = json.loads((folder / f"{model}.json").read_text())
    scorer = Scorer(manifest, (folder / f"{model}.onnx").read_bytes())
    spec = ParseSpec.from_dict(json.loads((folder / "spec.json").read_text()))
    schema = _table_schema(folder)

    def predict():
        score_rows(
            scorer,
            source=folder / "customers.csv",
            spec=spec,
            schema=schema,
            policy=SEGMENTS_V2,
            csv_path=folder / "ours.csv",
            table_path=folder / "ours.parquet" if with_table else None,
        )

    return predict


if __name__ == "__main__":
    main()
