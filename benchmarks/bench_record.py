"""Score one customer in process, encoded and calibrated, beside the scikit-learn pipeline on one row."""

import json
import time

MODELS = ("logistic_regression", "neural_network", "decision_tree", "random_forest", "gradient_boosting")
CALLS, PLAIN_CALLS, WARM_UP = 5_000, 30, 200
AIM = 50


def main():
    from ml.exchange.export import export_model
    from ml.learning.training import train_model
    from ml.matrix.schemas import TELCO_V1
    from ml.samples.dataset_a import make_dataset_a
    from ml.serving.scoring import Scorer

    table = make_dataset_a()
    records = _customers(table)
    print(f"One customer at a time, {CALLS:,} calls; microseconds.")
    print(f"{'':22}{'p50':>8}{'p95':>8}{'p99':>8}{'plain p50':>12}{'ratio':>9}")
    slow = []
    for model in MODELS:
        trained = train_model(table, schema=TELCO_V1, model_type=model)
        exported = export_model(trained, TELCO_V1)
        # Through JSON, as the server gets it.
        scorer = Scorer(json.loads(json.dumps(exported.manifest)), exported.onnx)
        ours = _times(scorer.score_record, records, CALLS)
        plain = _times(lambda record, trained=trained: _plain(trained, record), records, PLAIN_CALLS)
        p50, plain_p50 = _quantile(ours, 0.5), _quantile(plain, 0.5)
        print(
            f"{model:22}{p50:8.1f}{_quantile(ours, 0.95):8.1f}{_quantile(ours, 0.99):8.1f}"
            f"{plain_p50:12,.0f}{plain_p50 / p50:8,.0f}x",
            flush=True,
        )
        if p50 > AIM:
            slow.append(f"{model} {p50:.0f}")
    print(f"Aim: p50 <= {AIM} for all. " + (f"Missed: {', '.join(slow)}" if slow else "Met."))


def _customers(table):
    from ml.matrix.frames import clean_frame
    from ml.matrix.schemas import TELCO_V1

    clean = clean_frame(table.head(500), TELCO_V1)
    return clean.to_dict("records")


def _plain(trained, record):
    import pandas as pd

    return trained.pipeline.predict_proba(pd.DataFrame([record]))[0, 1]


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
