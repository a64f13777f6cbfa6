"""Retraining on 70,000 customers, beside the bare scikit-learn fit of the same pipeline on the same rows."""

import time

import numpy as np
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from ml.comparison import bootstrap_metrics, compare_versions
from ml.dataset_a import make_dataset_a
from ml.estimators import MODEL_TYPES
from ml.frames import clean_frame, read_labels
from ml.metrics import evaluate
from ml.schemas import TELCO_V1
from ml.splits import split_rows
from ml.training import raw_scores, train_model

ROWS = 70_000
# What a developer's retraining trains.
SLUG = "neural_network"
MOST = 1.2
ROUNDS = 3


def main():
    table = jittered(make_dataset_a(), ROWS, seed=1)
    fresh = jittered(make_dataset_a(seed=7), 20_000, seed=2)
    features, labels = clean_frame(table, TELCO_V1), read_labels(table, TELCO_V1)
    learned, _ = split_rows(labels)
    train, outcomes = features.iloc[learned], labels[learned]
    bare = MODEL_TYPES[SLUG].build(random_state=42, schema=TELCO_V1)

    # Bare and whole in turns, so that a neighbour who comes or goes does not meet only one of them.
    seconds = {"bare": [], "whole": []}
    for _ in range(ROUNDS):
        with threadpool_limits(limits=1):
            _, took = timed(lambda: clone(bare).fit(train, outcomes))
        seconds["bare"].append(took)
        trained, took = timed(lambda: train_model(table, schema=TELCO_V1, model_type=SLUG))
        seconds["whole"].append(took)

    print(
        f"{MODEL_TYPES[SLUG].name}, {ROWS:,} customers, one thread; seconds of processor, best of {ROUNDS}\n"
    )
    whole, peer = min(seconds["whole"]), min(seconds["bare"])
    print(f"{'scikit-learn: fit of the pipeline':<50}{peer:>8.2f} s")
    print(f"{'train_model: clean, split, fit, calibrate, judge':<50}{whole:>8.2f} s")
    verdict = "holds" if whole <= MOST * peer else "MISSED"
    print(f"{'ratio':<50}{whole / peer:>8.2f}    (at most {MOST}: {verdict})")
    print(f"further fits for the calibrator: {trained.split['folds']}\n")

    customers, churned = clean_frame(fresh, TELCO_V1), read_labels(fresh, TELCO_V1)
    scores = raw_scores(trained.pipeline, customers)
    for name, p in (("as it is", scores), ("calibrated", trained.calibrator.apply(scores))):
        found = evaluate(churned, p)
        error, brier = found["calibration"]["ece"], found["brier"]
        print(f"{len(p):,} new customers, {name:<12} calibration error {error:.4f}   Brier score {brier:.4f}")

    _, one = timed(lambda: bootstrap_metrics(churned, scores))
    _, two = timed(lambda: compare_versions(churned, scores, trained.calibrator.apply(scores)))
    print(f"\n1,000 resamples of {len(churned):,} customers: intervals {one:.2f} s, comparison {two:.2f} s")


def jittered(table, rows, seed):
    """Customers drawn again, their amounts moved by some per cent, so that hardly two are alike."""
    rng = np.random.default_rng(seed)
    drawn = table.iloc[rng.integers(0, len(table), rows)].reset_index(drop=True)
    drawn["customerID"] = [f"R-{number:06d}" for number in range(rows)]
    for column in ("MonthlyCharges", "TotalCharges"):
        factors = rng.normal(1, 0.05, rows).clip(0.8, 1.2).tolist()
        drawn[column] = [
            f"{float(cell) * factor:.2f}" if cell else ""
            for cell, factor in zip(drawn[column], factors, strict=True)
        ]
    return drawn


def timed(work):
    # Time of the processor, not of the clock: what neighbours take is not counted.
    started = time.process_time()
    found = work()
    return found, time.process_time() - started


if __name__ == "__main__":
    main()
