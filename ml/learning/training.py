"""From a table with outcomes to a calibrated, evaluated model."""

from __future__ import annotations

import time

from threadpoolctl import threadpool_limits

from ml.evaluation.signal import NAMES_NOBODY
from ml.learning.fitting import THRESHOLD, check_model_type, fit_model
from ml.learning.judging import judge_as_served, judge_simple_rule, shuffle_importance
from ml.learning.newest_uploads import judge_newest
from ml.learning.packaging import package
from ml.learning.splits import plan_apart, refuse_few
from ml.learning.twins import groups_of
from ml.matrix.frames import clean_frame, hash_frame, read_labels


def train_model(
    frame,
    *,
    schema,
    model_type,
    params=None,
    seed=42,
    held_out=None,
    slices=(),
    threshold=THRESHOLD,
    keeps_twins=None,
    uploads=None,
):
    """Fit, calibrate and evaluate one model, the same bit for bit whenever the arguments are the same.

    80 % of the customers, stratified, are learned from, by the model and then by the calibrator. The other
    20 % are touched once, for the figures.

    Parameters
    ----------
    frame : DataFrame of shape (n_customers, >= n_features + 1)
        Feature columns and the label; extra columns are ignored.
    schema : FeatureSchema
    model_type : str
        A slug of `ml.model_types.catalogue.MODEL_TYPES`.
    params : mapping of str to object, optional
        Parameters that differ from the type's defaults.
    seed : int, default 42
        For the split, the folds, the estimator and the shuffles of the importance.
    held_out : ndarray of bool, shape (n_customers,), optional
        Who is held out, from `ml.learning.splits.continue_split`, where an earlier version held out some of
        them already; by default a fifth, from `ml.learning.splits.split_rows`.
    slices : sequence of str, optional
        Features by whose parts the figures are given as well, see `ml.evaluation.slices.slices`.
    threshold : float, default 0.5
        Probability from which on a customer is named as leaving, where the model is shown to rank customers
        better than chance. Else it names nobody.
    keeps_twins : bool, optional
        Whether customers who are equal in every feature stand on one side: who has a twin among those held
        out is not learned from, and twins share a fold. By default where equal rows are a sign of the same
        customer (`ml.learning.twins.find_twins`); True or False for what was made so before that was asked.
    uploads : ndarray of int, shape (n_customers,), optional
        The number of the upload that each came with, the latest having the largest: how probabilities hold
        for the newest of them is told apart (`ml.learning.newest_uploads`).

    Returns
    -------
    TrainedModel

    Raises
    ------
    ValueError
        Unknown type or parameter, a column is missing or broken, fewer than 30 customers of either outcome,
        or `held_out` leaves an outcome out of either part.
    """
    started = time.perf_counter()
    params = check_model_type(model_type, params)
    features, labels = clean_frame(frame, schema), read_labels(frame, schema)
    refuse_few(labels)
    groups = groups_of(features, labels, keeps_twins)
    # One thread: sums in another order differ in the last bit, and beside busy neighbours one is faster, too.
    with threadpool_limits(limits=1):
        learned, held_out, plan = plan_apart(labels, seed, held_out, groups)
        train, test = features.iloc[learned], features.iloc[held_out].reset_index(drop=True)
        taught, outcomes = labels[learned], labels[held_out]
        fitted = fit_model(
            train,
            taught,
            schema=schema,
            model_type=model_type,
            params=params,
            seed=seed,
            groups=_of(groups, learned),
        )
        said, same = fitted.predict(test), _of(groups, held_out)
        metrics = {
            **judge_as_served(test, outcomes, said, threshold, schema=schema, sliced_by=slices, groups=same),
            "simple_rule": judge_simple_rule(train, taught, test, outcomes, said, schema=schema, groups=same),
            **judge_newest(outcomes, said, _of(uploads, held_out), same),
        }
        return package(
            fitted,
            threshold=NAMES_NOBODY if metrics["names_nobody"] else threshold,
            metrics=metrics,
            importance=shuffle_importance(fitted.pipeline, test, outcomes, schema, seed),
            split=plan | fitted.source,
            learned=train,
            shown=test,
            data_sha256=hash_frame(features, labels),
            seconds=time.perf_counter() - started,
        )


def _of(groups, rows):
    return None if groups is None else groups[rows]
