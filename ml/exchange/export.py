"""From a trained model to what is written to disk, refused unless every way of scoring agrees."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass

import joblib
import numpy as np
import onnx
import onnxruntime

from ml.exchange.graphs import build_graph, scaling
from ml.model_types.catalogue import MODEL_TYPES, type_of
from ml.serving.calibration import Calibrator
from ml.serving.scoring import Scorer

FORMAT = 1
TOLERANCE = 1e-5
METRIC_KEYS = ("Accuracy", "AUC", "Precision", "Recall", "F1 Score")


@dataclass(frozen=True)
class ExportedModel:
    """The parts of a model version, still in memory.

    Attributes
    ----------
    manifest : dict
        JSON-able: schema, serving form, calibrator, threshold, parameters, seeds, versions, data hash, golden
        rows. Nothing in it differs between two trainings on the same data.
    onnx : bytes or None
        The estimator over the encoded matrix. Linear models have one too, for others to use; the scorer does
        not need it.
    pipeline_pickle : bytes or None
        A plain scikit-learn pipeline, compressed by joblib; None for what was imported as data.
    metadata : dict
        ``model_type`` and ``metrics`` with exactly the five weighted figures.
    """

    manifest: dict
    onnx: bytes | None
    pipeline_pickle: bytes | None
    metadata: dict

    @property
    def metadata_pickle(self) -> bytes:
        """The metadata as the bytes of the ``_metadata.pkl`` file."""
        return pickle.dumps(self.metadata, protocol=4)


def export_model(trained, schema):
    """Return everything a model version consists of.

    Parameters
    ----------
    trained : TrainedModel
    schema : FeatureSchema
        The one that it was trained with.

    Returns
    -------
    ExportedModel

    Raises
    ------
    ValueError
        On a golden row, the scorer or the ONNX graph is further than 1e-5 from scikit-learn.
    """
    spec = MODEL_TYPES[trained.model_type]
    folded = fold_linear(trained.pipeline, schema)
    manifest = {
        "format": FORMAT,
        "model_type": spec.slug,
        "model_name": spec.name,
        "schema": schema.to_dict(),
        "serving": folded or {"kind": "onnx"},
        "calibrator": trained.calibrator.to_dict(),
        "threshold": trained.threshold,
        "parameters": _plain(trained.params),
        "seeds": {"training": trained.seed},
        "split": trained.split,
        "data_sha256": trained.data_sha256,
        "observed": trained.observed,
        "importance": trained.importance,
        "metrics": trained.metrics,
        "versions": trained.versions | {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__},
        "golden": trained.golden,
    }
    graph = build_graph(trained.pipeline, schema)
    pickled = io.BytesIO()
    joblib.dump(trained.pipeline, pickled, compress=3)
    check_golden(manifest, graph)
    if folded:
        # The file that others use must be right as well, not only the tables that serve.
        _check_scores(manifest, graph)
    return ExportedModel(
        manifest=manifest,
        onnx=graph,
        pipeline_pickle=pickled.getvalue(),
        metadata={
            "model_type": spec.name,
            "metrics": {key: trained.metrics["weighted"][key] for key in METRIC_KEYS},
        },
    )


def check_golden(manifest, graph, tolerance=TOLERANCE):
    """Refuse a model whose serving path does not give the golden rows their probability.

    Parameters
    ----------
    manifest : dict
    graph : bytes or None
        The ONNX file.
    tolerance : float, default 1e-5
        Largest distance of a probability.

    Raises
    ------
    ValueError
        Names the worst row and both probabilities; also where there are no golden rows to check.

    Returns
    -------
    float
        The largest distance found.
    """
    golden = manifest["golden"]
    if not golden:
        raise ValueError("A model without golden rows cannot be checked.")
    scorer = Scorer(manifest, graph)
    expected = np.array([row["probability"] for row in golden])
    columns = {name: [row["record"][name] for row in golden] for name in scorer.schema.features}
    in_batch = scorer.score_batch(columns)
    one_by_one = np.array([scorer.score_record(row["record"]) for row in golden])
    worst = 0.0
    for way, found in (("in a batch", in_batch), ("one by one", one_by_one)):
        # Written so that a NaN is refused, too.
        distance = np.abs(found - expected)
        row = int(np.argmax(np.where(np.isnan(distance), np.inf, distance)))
        if not distance[row] <= tolerance:
            raise ValueError(
                f"{manifest['model_name']}: golden row {row + 1} scored {way} gives {found[row]:.8f}, "
                f"scikit-learn gave {expected[row]:.8f}. The model is not registered."
            )
        worst = max(worst, float(distance[row]))
    return worst


def _check_scores(manifest, graph):
    """Refuse a graph whose scores are not those of the tables that serve.

    Before calibration, which is no part of the file: near 0 and 1 a steep one stretches what 32 bits cannot
    tell apart.
    """
    plain = manifest | {"calibrator": Calibrator("none").to_dict()}
    scorer = Scorer(plain, None)
    golden = [row | {"probability": scorer.score_record(row["record"])} for row in manifest["golden"]]
    check_golden(plain | {"serving": {"kind": "onnx"}, "golden": golden}, graph)


def fold_linear(pipeline, schema):
    """Fold a linear pipeline into one table per category and one weight per number.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    schema : FeatureSchema

    Returns
    -------
    dict or None
        ``kind`` "linear", ``bias``, ``tables`` {column: one weight per level, in the schema's order},
        ``weights`` {column: weight} and, where numbers have an indicator, ``blanks`` {column: its weight}, on
        the scale of log odds; None where the model is not linear.
    """
    model = pipeline.named_steps["model"]
    model_type = type_of(model)
    if not model_type.is_linear(model):
        return None
    weights, bias = model_type.collapse(model)
    mean, scale = scaling(pipeline, schema)
    weights = weights / scale
    return fold_weights(weights, bias - float(weights @ mean), schema)


def fold_weights(weights, bias, schema):
    """Return weights of the encoded columns as the tables that serve; see `fold_linear`.

    Parameters
    ----------
    weights : ndarray of float64, shape (n_encoded,)
    bias : float
    schema : FeatureSchema

    Returns
    -------
    dict
    """
    places = schema.places
    folded = {
        "kind": "linear",
        "bias": bias,
        "tables": {column.name: weights[places[column.name]].tolist() for column in schema.categorical},
        "weights": {column.name: float(weights[places[column.name][0]]) for column in schema.numeric},
    }
    if schema.indicated:
        folded["blanks"] = {
            column.name: float(weights[places[column.name][1]]) for column in schema.indicated
        }
    return folded


def _plain(params):
    return {name: list(value) if isinstance(value, tuple) else value for name, value in params.items()}
