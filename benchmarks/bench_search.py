"""The search for the best of five types on telco customers, beside the plain ways, on the same splits.

80 % are searched on and 20 % only asked. The plain search has five types at their defaults over five folds.
FLAML is another program that searches by itself: it is measured where ``BENCH_PEERS`` names the interpreter
of an environment that has it. ``BENCH_SEEDS=1`` is for a quick look, ``BENCH_FLAML_SECONDS=30`` its time.
On a busy machine the ratio of processor seconds is the steadier one, and FLAML gets less done in its time.
"""

import json
import os
import pickle
import resource
import subprocess
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.search_peers import search_plainly
from ml.evaluation.metrics import area_under_curve, log_losses
from ml.learning.fitting import fit_model
from ml.learning.honest_scores import number_folds
from ml.learning.pipelines import build_pipeline
from ml.learning.splits import split_rows
from ml.learning.twins import groups_of
from ml.matrix.frames import clean_frame, read_labels
from ml.matrix.telco import TELCO_V1
from ml.model_types.catalogue import MODEL_TYPES
from ml.search.champion import rank
from ml.search.trials import try_type
from ml.search.weights import WEIGHTS

TELCO = Path(__file__).resolve().parents[2] / "shared" / "data" / "telco_ibm.csv"
SEEDS = range(int(os.environ.get("BENCH_SEEDS", "5")))
PEERS = os.environ.get("BENCH_PEERS", "")
FLAML_SECONDS = os.environ.get("BENCH_FLAML_SECONDS", "30")
# The slowest first, so that two processes end together.
TYPES = ("random_forest", "support_vector_machine", "xgboost", "lightgbm", "logistic_regression")
PROCESSES = 2
# Of the time of the plain search.
MOST = 0.25
OURS, PLAIN, FLAML = "Churn Buster", "five types at their defaults", "FLAML"


def main():
    if not TELCO.exists():
        print("../shared/data/telco_ibm.csv is not there: nothing is measured.")
        return
    if not PEERS:
        print("BENCH_PEERS names no interpreter with FLAML (benchmarks/README.md): it is left out.")
    table = pd.read_csv(TELCO, dtype=str, keep_default_na=False)
    features, labels = clean_frame(table, TELCO_V1), read_labels(table, TELCO_V1)
    found = [_measure(features, labels, seed) for seed in SEEDS]
    _print(found)


def _measure(features, labels, seed):
    """Return for each way its seconds, log loss and AUC on customers of one split, and print them."""
    learned, asked = split_rows(labels, seed)
    parts = features.iloc[learned].reset_index(drop=True), labels[learned], features.iloc[asked]
    ways = {OURS: lambda: _search(*parts, seed), PLAIN: lambda: (search_plainly(*_encoded(*parts)), "")}
    if PEERS:
        ways[FLAML] = lambda: _ask_flaml(*_encoded(*parts), seed)
    found = {}
    for name, way in ways.items():
        started, busy = time.perf_counter(), _processor_seconds()
        said, note = way()
        seconds, cpu = time.perf_counter() - started, _processor_seconds() - busy
        loss = float(log_losses(labels[asked], said).mean())
        found[name] = seconds, cpu, loss, area_under_curve(labels[asked], said)
        print(f"seed {seed}  {_line(name, *found[name])}  {note}", flush=True)
    return found


def _processor_seconds():
    """Return what this process and the children that have ended took."""
    taken = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in taken)


def _line(name, seconds, cpu, loss, auc):
    return f"{name:28}{seconds:6.1f} s {cpu:6.1f} CPU s   log loss {loss:.4f}   AUC {auc:.4f}"


def _print(found):
    print(f"\nmean of {len(found)} splits")
    mean = {name: np.mean([one[name] for one in found], axis=0) for name in found[0]}
    for name, figures in mean.items():
        print(_line(name, *figures))
    for place, what in enumerate(("seconds", "CPU seconds")):
        ratio = mean[OURS][place] / mean[PLAIN][place]
        print(f"{what} beside the plain search: {ratio:.2f}   (at most {MOST}: {_verdict(ratio <= MOST)})")
    for name in mean.keys() - {OURS}:
        for place, what, sign in ((2, "log loss", 1), (3, "AUC", -1)):
            worse = [sign * (one[OURS][place] - one[name][place]) for one in found]
            print(
                f"{what} beside {name}: better by {-np.mean(worse):.4f} in the mean "
                f"({_verdict(np.mean(worse) <= 0)}), no worse with {sum(one <= 0 for one in worse)} "
                f"of {len(found)} seeds"
            )


def _verdict(holds):
    return "holds" if holds else "MISSED"


# --- Ours ------------------------------------------------------------------------------------------------


def _search(learned, labels, asked, seed):
    """Search as the jobs of a search do, two at a time, then fit the first one."""
    groups = groups_of(learned, labels)
    folds = number_folds(learned, labels, seed, groups)
    with ProcessPoolExecutor(PROCESSES) as pool:
        tried = list(pool.map(_try, [(learned, labels, folds, name, seed) for name in TYPES]))
    first = rank(tried, labels, WEIGHTS["advisor"])[0].model_type
    chosen = next(one.chosen for one in tried if one.model_type == first)
    fitted = fit_model(
        learned, labels, schema=TELCO_V1, model_type=first, params=chosen, seed=seed, groups=groups
    )
    return fitted.predict(asked), f"{first} of {_seconds(tried)}"


def _try(given):
    learned, labels, folds, name, seed = given
    return try_type(learned, labels, folds, schema=TELCO_V1, model_type=name, seed=seed, seconds=600)


def _seconds(tried):
    return ", ".join(f"{one.model_type} {one.seconds:.1f} s" for one in tried)


# --- The plain ways --------------------------------------------------------------------------------------


def _encoded(learned, labels, asked):
    encode = build_pipeline(MODEL_TYPES["random_forest"], schema=TELCO_V1).named_steps["encode"]
    return encode.fit_transform(learned), labels, encode.transform(asked)


def _ask_flaml(learned, labels, asked, seed):
    """Search in the other environment, which knows nothing of ours."""
    with tempfile.NamedTemporaryFile(suffix=".pickle") as file:
        file.write(pickle.dumps((learned, labels, asked)))
        file.flush()
        script = Path(__file__).with_name("search_peers.py")
        done = subprocess.run(
            [PEERS, script, file.name, FLAML_SECONDS, str(seed)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return np.array(json.loads(done.stdout.splitlines()[-1])), ""
