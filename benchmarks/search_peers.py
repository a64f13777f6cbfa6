"""A search for a model the plain ways: five types at their defaults over five folds, and FLAML."""

from __future__ import annotations

import json
import pickle
import sys


def search_plainly(learned, labels, asked):
    """Take of five types at their defaults the one with the lowest log loss over five folds."""
    from joblib.externals.loky import get_reusable_executor
    from lightgbm import LGBMClassifier
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC
    from xgboost import XGBClassifier

    models = (
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)),
        RandomForestClassifier(random_state=0),
        XGBClassifier(n_jobs=1),
        LGBMClassifier(n_jobs=1, verbosity=-1),
        make_pipeline(StandardScaler(), CalibratedClassifierCV(SVC(random_state=0), ensemble=False)),
    )
    searches = [
        GridSearchCV(model, {}, cv=5, scoring="neg_log_loss", n_jobs=2).fit(learned, labels)
        for model in models
    ]
    # Or what its processes took would not be counted.
    get_reusable_executor().shutdown(wait=True)
    best = max(searches, key=lambda search: search.best_score_)
    return best.predict_proba(asked)[:, 1]


def search_with_flaml(learned, labels, asked, *, seconds, seed):
    """Let FLAML search for so many seconds."""
    from flaml import AutoML

    found = AutoML()
    found.fit(
        learned, labels, task="classification", metric="log_loss", time_budget=seconds,
        seed=seed, n_jobs=2, verbose=0,
    )  # fmt: skip
    return found.predict_proba(asked)[:, 1]


def main(path, seconds, seed):
    """Read what to learn and whom to ask from `path`; print what was said of each."""
    with open(path, "rb") as file:
        learned, labels, asked = pickle.load(file)
    said = search_with_flaml(learned, labels, asked, seconds=float(seconds), seed=int(seed))
    print(json.dumps(said.tolist()))


if __name__ == "__main__":
    main(*sys.argv[1:])
