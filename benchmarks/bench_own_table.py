"""Predict 1,000,000 customers of a company's own table of 30 columns, from CSV to result CSV.

Numbers with blanks, categories with many values, yes and no, dates. Beside the plain way, in this run and
each in a process of its own: pandas reads the file, turns dates into days and blanks into medians;
scikit-learn, or lightgbm on all processors, scores the frame; pandas writes it. The plain way checks nothing.
``BENCH_ROWS=50000`` is for a quick look.
"""

import json
import os
import pickle
import tempfile
from pathlib import Path

from benchmarks.children import HEADER, in_child, print_line, print_measured

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
ROUNDS, LEARNED_FROM, TREES = 3, 20_000, 200
# So many times as fast as the plain way, at a quarter of its memory.
AIMS = {"logistic_regression": 10, "lightgbm": 4}
MEMORY = 0.25
NUMBERS, CATEGORIES, FLAGS, DATES = 12, 8, 5, 4
OUTCOME, LATEST = "churned", "2026-06-30"


def main():
    with tempfile.TemporaryDirectory(prefix="bench-own-table-") as name:
        folder = Path(name)
        _in_child(folder, "prepare")
        check = _in_child(folder, "check")
        size = (folder / "customers.csv").stat().st_size / 1e6
        print(f"{ROWS:,} customers, 30 columns, {size:,.0f} MB. Best of {ROUNDS}, plain once.")
        print(HEADER)
        print_line("check, before the job", check, rows=ROWS)
        missed = []
        for model, aim in AIMS.items():
            plain = _in_child(folder, "plain", model)
            ours, with_table = (_in_child(folder, what, model) for what in ("ours", "with_table"))
            print(model)
            print_line("  plain", plain, rows=ROWS)
            print_line("  ours", ours, rows=ROWS, plain=plain)
            print_line("  + table of the page", with_table, rows=ROWS, plain=plain)
            missed += _missed(model, aim, ours, plain)
        aims = ", ".join(f"{model} >= {aim} x plain" for model, aim in AIMS.items())
        print(f"Aims: {aims}; memory <= {MEMORY} of plain.")
        print("Missed: " + "; ".join(missed) if missed else "All met.")


def _missed(model, aim, ours, plain):
    faster, memory = plain["seconds"] / ours["seconds"], ours["peak"] / plain["peak"]
    if faster < aim:
        yield f"{model} {faster:.1f} x plain"
    if memory > MEMORY:
        yield f"{model} {memory:.2f} of the memory"


def _in_child(folder, what, model=""):
    return in_child("bench_own_table", folder, what, model)


def measure(folder, what, model):
    """Do one thing in this process and print what it took as JSON."""
    work = {"prepare": _prepare, "check": _check, "plain": _plain, "ours": _ours, "with_table": _ours}
    step = work[what](Path(folder), *([model] if model else []), *([True] if what == "with_table" else []))
    print_measured(step, rounds=1 if what == "plain" else ROUNDS)


# --- The table -------------------------------------------------------------------------------------------


def _make_table(rows, seed):
    """Return made-up customers, and who of them left, as an Arrow table."""
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(seed)
    columns, odds = {"id": [f"C{number:08d}" for number in random.permutation(rows)]}, np.zeros(rows)
    for number in range(NUMBERS):
        values = random.gamma(2, 50, rows).round(number % 3)
        odds += (values - 100) / 300 * (-1) ** number
        columns[f"number_{number}"] = pa.array(values, mask=random.random(rows) < 0.02 * (number % 5))
    for number in range(CATEGORIES):
        names = np.array([f"kind {value:02d}" for value in range(3 + 8 * number)])
        # A few are frequent and many are rare, as towns are.
        places = np.minimum(random.geometric(0.3, rows) - 1, len(names) - 1)
        odds += 0.4 * (places == 1)
        columns[f"category_{number}"] = pa.array(names[places], mask=random.random(rows) < 0.03)
    for number in range(FLAGS):
        flag = random.random(rows) < 0.4
        odds -= 0.3 * flag
        columns[f"flag_{number}"] = np.where(flag, "yes", "no")
    for number in range(DATES):
        days = random.integers(0, 3000, rows)
        odds += days / 6000
        dates = np.datetime64(LATEST) - days.astype("timedelta64[D]")
        columns[f"date_{number}"] = pa.array(dates, mask=random.random(rows) < 0.05)
    left = random.random(rows) < 1 / (1 + np.exp(1.5 - odds))
    return pa.table(columns), np.where(left, "yes", "no")


def _prepare(folder):
    """Write the file, what it is read by, and the two models of each way."""
    import pyarrow.csv as csv

    table, _ = _make_table(ROWS, seed=0)
    csv.write_csv(table, folder / "customers.csv", csv.WriteOptions(quoting_style="needed"))
    learned, left = _make_table(LEARNED_FROM, seed=1)
    csv.write_csv(
        learned.append_column(OUTCOME, [left]), folder / "learn.csv", csv.WriteOptions(quoting_style="needed")
    )
    _learn_ours(folder)
    _learn_plainly(folder)


# --- Ours ------------------------------------------------------------------------------------------------


def _learn_ours(folder):
    import pandas as pd

    from ml.exchange.export import export_model
    from ml.learning.training import train_model
    from ml.matrix.design import choose_schema
    from ml.matrix.schemas import Category
    from tabular.previews.preview import preview_table
    from tabular.snapshots.check import check_table
    from tabular.snapshots.frame import load_frame
    from tabular.snapshots.inference import infer_table
    from tabular.snapshots.plan import freeze, suggest

    path = folder / "learn.csv"
    found = infer_table(path, preview_table(path))
    plan = freeze(found, suggest(found))
    table = plan.table_schema(name="own", purpose="train")
    frame = load_frame(path, check_table(path, table, purpose="train").spec, table)
    columns = pd.DataFrame({name: array.to_pandas() for name, array in frame.columns.items()})
    columns = columns.astype({name: object for name, kind in plan.kinds.items() if kind == "category"})
    label = Category(OUTCOME, plan.label_values)
    schema, _ = choose_schema(columns, name="own", id_column="id", label=label, kinds=plan.kinds)
    columns[OUTCOME] = [label.values[left] for left in frame.labels]
    (folder / "plan.json").write_text(json.dumps(plan.to_dict()))
    for model in AIMS:
        params = {"n_estimators": TREES} if model == "lightgbm" else None
        exported = export_model(train_model(columns, schema=schema, model_type=model, params=params), schema)
        (folder / f"{model}.json").write_text(json.dumps(exported.manifest))
        (folder / f"{model}.onnx").write_bytes(exported.onnx or b"")


def _table_schema(folder, model):
    from ml.matrix.schemas import FeatureSchema
    from registry.engines.tables import customers_table

    manifest = json.loads((folder / f"{model}.json").read_text())
    reading = json.loads((folder / "plan.json").read_text())
    schema = FeatureSchema.from_dict(manifest["schema"])
    return customers_table(schema, reading, purpose="predict", observed=manifest["observed"])


def _check(folder):
    from tabular.snapshots.check import check_table

    schema = _table_schema(folder, "lightgbm")

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
    schema = _table_schema(folder, model)

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


# --- The plain way ---------------------------------------------------------------------------------------


def _names(kind, count):
    return [f"{kind}_{number}" for number in range(count)]


NUMERIC = [*_names("number", NUMBERS), *_names("date", DATES)]
TEXTS = [*_names("category", CATEGORIES), *_names("flag", FLAGS)]


def _read_plainly(path):
    import pandas as pd

    dates = _names("date", DATES)
    frame = pd.read_csv(path, parse_dates=dates)
    for name in dates:
        frame[name] = (pd.Timestamp(LATEST) - frame[name]).dt.days
    return frame


def _learn_plainly(folder):
    from lightgbm import LGBMClassifier
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame = _read_plainly(folder / "learn.csv")
    left = frame[OUTCOME] == "yes"
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    texts = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10)
    encode = ColumnTransformer([("numbers", numbers, NUMERIC), ("texts", texts, TEXTS)])
    linear = make_pipeline(encode, LogisticRegression(max_iter=1000)).fit(frame, left)
    (folder / "logistic_regression.pkl").write_bytes(pickle.dumps((linear, None)))
    known = {name: sorted(frame[name].dropna().unique()) for name in TEXTS}
    trees = LGBMClassifier(n_estimators=TREES, verbose=-1).fit(_coded(frame, known), left)
    (folder / "lightgbm.pkl").write_bytes(pickle.dumps((trees, known)))


def _coded(frame, known):
    import pandas as pd

    columns = frame[[*NUMERIC, *TEXTS]].copy()
    for name, values in known.items():
        columns[name] = pd.Categorical(columns[name], categories=values)
    return columns


def _plain(folder, model):
    import pandas as pd

    learned, known = pickle.loads((folder / f"{model}.pkl").read_bytes())

    def predict():
        frame = _read_plainly(folder / "customers.csv")
        chance = learned.predict_proba(_coded(frame, known) if known else frame)[:, 1]
        frame["prediction"] = pd.Series(chance >= 0.5).map({True: "yes", False: "no"})
        frame["churn_probability"] = chance
        frame.to_csv(folder / "plain.csv", index=False)

    return predict


if __name__ == "__main__":
    main()
