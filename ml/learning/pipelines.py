"""How a model reads its columns while it learns, and how it is fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

# From here on outcomes are balanced enough to weigh alike.
BALANCED_FROM = 0.4


def build_pipeline(model_type, params=None, random_state=42, *, schema):
    """Return an unfitted pipeline: encoding, scaling where the type needs it, estimator.

    Parameters
    ----------
    model_type : ModelType
    params : mapping of str to object, optional
        See `ml.model_types.common.model_type.ModelType.check_params`.
    random_state : int, default 42
    schema : FeatureSchema
        Fixes the columns of the encoded matrix, whatever the training data happens to contain.

    Returns
    -------
    Pipeline
        Steps ``encode`` and ``model``. Expects the columns of `ml.matrix.frames.clean_frame`.
    """
    encoder = OneHotEncoder(
        categories=[list(column.levels) for column in schema.categorical],
        handle_unknown="ignore",
        sparse_output=False,
    )
    parts = [
        ("categories", encoder, [column.name for column in schema.categorical]),
        ("numbers", _numbers(model_type, schema), [column.name for column in schema.numeric]),
    ]
    if schema.indicated:
        blank = FunctionTransformer(pd.DataFrame.isna)
        parts.append(("blanks", blank, [column.name for column in schema.indicated]))
    encode = ColumnTransformer(parts)
    model = model_type.make_estimator(model_type.check_params(params), random_state)
    return Pipeline([("encode", encode), ("model", model)])


def _numbers(model_type, schema):
    fills = {column.name: column.fill for column in schema.numeric if column.fill is not None}
    steps = []
    # Functions of pandas and numpy, so that whoever opens the file needs nothing of ours.
    if fills:
        steps.append(("fill", FunctionTransformer(pd.DataFrame.fillna, kw_args={"value": fills})))
    if model_type.scales:
        steps.append(("scale", StandardScaler()))
    elif model_type.in_32_bits:
        steps.append(("round", FunctionTransformer(np.asarray, kw_args={"dtype": np.float32})))
    if len(steps) > 1:
        return Pipeline(steps)
    return steps[0][1] if steps else "passthrough"


def fit_pipeline(unfitted, features, labels, *, balanced=False):
    """Fit a copy of a pipeline.

    Parameters
    ----------
    unfitted : Pipeline
        From `build_pipeline`; stays as it is.
    features : DataFrame of shape (n_customers, n_features)
    labels : ndarray of int, shape (n_customers,)
    balanced : bool, default False
        Whether both outcomes count alike, however rare one of them is; see `balanced_weights`.

    Returns
    -------
    Pipeline
    """
    weights = balanced_weights(labels) if balanced else None
    given = {} if weights is None else {"model__sample_weight": weights}
    return clone(unfitted).fit(features, labels, **given)


def balanced_weights(labels):
    """Return weights under which both outcomes count alike, or None where they nearly do anyway.

    Parameters
    ----------
    labels : ndarray of int, shape (n_customers,)

    Returns
    -------
    ndarray of float64, shape (n_customers,), or None

    Examples
    --------
    >>> balanced_weights(np.array([0, 0, 0, 1]))
    array([0.66666667, 0.66666667, 0.66666667, 2.        ])
    """
    rate = float(np.mean(labels))
    if min(rate, 1 - rate) >= BALANCED_FROM:
        return None
    return np.where(labels == 1, 0.5 / rate, 0.5 / (1 - rate))
