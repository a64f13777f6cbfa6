"""How a model reads its columns while it learns, and how it is fitted."""

from __future__ import annotations

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler


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
        categories=[list(column.values) for column in schema.categorical],
        handle_unknown="ignore",
        sparse_output=False,
    )
    encode = ColumnTransformer(
        [
            ("categories", encoder, [column.name for column in schema.categorical]),
            ("numbers", _numbers(model_type), [column.name for column in schema.numeric]),
        ]
    )
    model = model_type.make_estimator(model_type.check_params(params), random_state)
    return Pipeline([("encode", encode), ("model", model)])


def _numbers(model_type):
    if model_type.scales:
        return StandardScaler()
    if model_type.in_32_bits:
        return FunctionTransformer(np.asarray, kw_args={"dtype": np.float32})
    return "passthrough"
