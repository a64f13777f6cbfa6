"""Score one customer in process, encoded and calibrated, beside the scikit-learn pipeline on one row.

XGBoost and LightGBM also stand beside their own library, which is given the row already encoded.
"""

import json
import time

BOOSTED = ("xgboost", "lightgbm")
MODELS = (
    "logistic_regression", "neural_network", "decision_tree", "random_forest", "gradient_boosting", *BOOSTED,
)  # fmt: skip
CALLS, PLAIN_CALLS, LIBRARY_CALLS, WARM_UP = 5_000, 30, 500, 200
AIM, AIM_BOOSTED = 50, 100


def main():
    from ml.exchange.export import export_model
    from ml.learning.training import train_model
    from ml.matrix.telco import TELCO_V1
    from ml.samples.dataset_a import make_dataset_a
    from ml.serving.scoring import Scorer

    table = make_dataset_a()
    records = _customers(table)
    print(f"One customer at a time, {CALLS:,} calls; microseconds.")
    print(
        f"{'':22}{'p50':>8}{'p95':>8}{'p99':>8}{'plain p50':>12}{'ratio':>9}{'library p50':>13}{'ratio':>9}"
    )
    slow = []
    for model in MODELS:
        trained = train_model(table, schema=TELCO_V1, model_type=model)
        exported = export_model(trained, TELCO_V1)
        # Through JSON, as the server gets it.
        scorer = Scorer(json.loads(json.dumps(exported.manifest)), exported.onnx)
        ours = _times(scorer.score_record, records, CALLS)
        plain = _times(lambda record, trained=trained: _plain(trained, record), records, PLAIN_CALLS)
        p50, plain_p50 = _quantile(ours, 0.5), _quantile(plain, 0.5)
        line = f"{model:22}{p50:8.1f}{_quantile(ours, 0.95):8.1f}{_quantile(ours, 0.99):8.1f}"
        line += f"{plain_p50:12,.0f}{plain_p50 / p50:8,.0f}x"
        if model in BOOSTED:
            library = _quantile(_library(trained, records), 0.5)
            line += f"{library:13,.0f}{library / p50:8,.0f}x"
        print(line, flush=True)
        if p50 > (AIM_BOOSTED if model in BOOSTED else AIM):
            slow.append(f"{model} {p50:.0f}")
    print(f"Aim: p50 <= {AIM}, boosted trees of these libraries <= {AIM_BOOSTED}. ", end="")
    print(f"Missed: {', '.join(slow)}" if slow else "Met.")


def _customers(table):
    from ml.matrix.frames import clean_frame
    from ml.matrix.telco import TELCO_V1

    clean = clean_frame(table.head(500), TELCO_V1)
    return clean.to_dict("records")


def _plain(trained, record):
    import pandas as pd

    return trained.pipeline.predict_proba(pd.DataFrame([record]))[0, 1]


def _library(trained, records):
    """Return how long the library itself takes for one row that is encoded already."""
    import numpy as np
    import pandas as pd

    encoded = np.asarray(trained.pipeline[:-1].transform(pd.DataFrame(records)), dtype=np.float32)
    rows = [encoded[place : place + 1] for place in range(len(encoded))]
    return _times(trained.pipeline[-1].predict_proba, rows, LIBRARY_CALLS)


def _times(score, records, calls):
    for number in range(min(WARM_UP, calls)):
        score(records[number % len(records)])
    taken = []
    for number in range(calls):
        record = records[number % len(records)]
        started = time.perf_counter_ns()
        score(record)
        taken.append((time.perf_counter_ns() - started) / 1000)
    return sorted(taken)


def _quantile(rising, share):
    return rising[min(len(rising) - 1, int(share * len(rising)))]


if __name__ == "__main__":
    main()
