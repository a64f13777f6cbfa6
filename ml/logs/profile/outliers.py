"""Purchases that stand out: by quartiles, by standard deviations, and by an isolation forest."""

from __future__ import annotations

import numpy as np

IQR_FACTOR = 1.5
FAR_OUT_FACTOR = 3.0
Z_LIMIT = 3.0
# The forest looks at a sample: on all purchases it would take minutes and find the same kinds.
FOREST_SAMPLE = 20_000
# The anomaly score of Liu, Ting and Zhou is 0.5 for the ordinary and nears 1; from here on it stands out
# clearly.
FOREST_LIMIT = 0.65
FOREST_TREES = 100
FEWEST = 20


def find_outliers(log, *, seed=0):
    """Count outliers among the amounts of purchases by three methods.

    Parameters
    ----------
    log : PurchaseLog
    seed : int, default 0
        Of the forest. Which purchases are its sample depends on their contents alone.

    Returns
    -------
    dict
        `purchases`; `iqr` (below Q1 - 1.5 IQR or above Q3 + 1.5 IQR; `far_out` beyond 3 IQR), `z_score` (more
        than 3 standard deviations from the mean) and `isolation_forest` (or None with fewer than 20
        purchases), each with `count` and `share`; `examples`, the purchases farthest from the mean.

    References
    ----------
    .. [1] J. W. Tukey: Exploratory Data Analysis. Addison-Wesley, 1977; fences, section 2D.
    .. [2] F. T. Liu, K. M. Ting, Z.-H. Zhou: Isolation Forest. ICDM 2008; equation 2.
    """
    shape = log.row(
        "SELECT count(amount) AS n, avg(amount) AS mean, stddev_samp(amount) AS deviation,"
        " quantile_cont(amount, 0.25) AS q1, quantile_cont(amount, 0.75) AS q3 FROM purchases"
    )
    if shape["n"] < FEWEST:
        return {
            "purchases": shape["n"],
            "iqr": None,
            "z_score": None,
            "isolation_forest": None,
            "examples": [],
        }
    width = shape["q3"] - shape["q1"]
    low, high = shape["q1"] - IQR_FACTOR * width, shape["q3"] + IQR_FACTOR * width
    far_low, far_high = shape["q1"] - FAR_OUT_FACTOR * width, shape["q3"] + FAR_OUT_FACTOR * width
    reach = Z_LIMIT * shape["deviation"]
    counts = log.row(
        "SELECT count(*) FILTER (amount < $low OR amount > $high) AS iqr,"
        " count(*) FILTER (amount < $far_low OR amount > $far_high) AS far_out,"
        " count(*) FILTER ($reach > 0 AND abs(amount - $mean) > $reach) AS z FROM purchases",
        low=low,
        high=high,
        far_low=far_low,
        far_high=far_high,
        reach=reach,
        mean=shape["mean"],
    )
    examples = log.rows(
        "SELECT customer_id, bought_at::DATE AS day, amount FROM purchases WHERE $reach > 0"
        " AND abs(amount - $mean) > $reach ORDER BY abs(amount - $mean) DESC, customer_id, day LIMIT 5",
        reach=reach,
        mean=shape["mean"],
    )
    return {
        "purchases": shape["n"],
        "iqr": {
            "count": counts["iqr"],
            "share": counts["iqr"] / shape["n"],
            "low": low,
            "high": high,
            "far_out": counts["far_out"],
            "far_out_share": counts["far_out"] / shape["n"],
        },
        "z_score": {
            "count": counts["z"],
            "share": counts["z"] / shape["n"],
            "mean": shape["mean"],
            "deviation": shape["deviation"],
            "limit": Z_LIMIT,
        },
        "isolation_forest": _isolate(log, shape["n"], seed),
        "examples": [
            {**row, "day": row["day"].isoformat(), "z": (row["amount"] - shape["mean"]) / shape["deviation"]}
            for row in examples
        ],
    }


def _isolate(log, purchases, seed):
    from sklearn.ensemble import IsolationForest

    # Ordered by a hash of what is in the row: the same sample whatever the order of the file.
    sample = log.arrays(
        "SELECT coalesce(amount, 0)::DOUBLE AS amount, coalesce(items, lines)::DOUBLE AS items FROM "
        f"purchases ORDER BY hash(customer_id, bought_at, amount), amount LIMIT {FOREST_SAMPLE}"
    )
    table = np.column_stack([np.sign(column) * np.log1p(np.abs(column)) for column in sample.values()])
    forest = IsolationForest(n_estimators=FOREST_TREES, random_state=seed).fit(table)
    # scikit-learn returns the anomaly score with its sign turned.
    anomalous = -forest.score_samples(table) > FOREST_LIMIT
    return {
        "count": int(anomalous.sum()),
        "share": float(anomalous.mean()),
        "sampled": len(table),
        "is_sample": len(table) < purchases,
        "limit": FOREST_LIMIT,
        "looks_at": ["amount", "items" if log.has("quantity") else "lines"],
    }
