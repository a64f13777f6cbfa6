"""Pipelines that were fitted elsewhere: read column by column, and turned into what serves here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from ml.exchange.export import FORMAT, METRIC_KEYS, ExportedModel, check_golden, fold_weights
from ml.exchange.graphs import build_reordered_graph
from ml.learning.fitting import THRESHOLD
from ml.learning.packaging import choose_golden, list_versions
from ml.learning.splits import split_half
from ml.learning.trial import try_out
from ml.matrix.frames import fill_blanks
from ml.matrix.schemas import normal
from ml.model_types.catalogue import MODEL_TYPES, type_of
from ml.serving.calibration import Calibrator, fit_sigmoid

IMPORTABLE = [kind for kind in MODEL_TYPES.values() if kind.refuse_foreign]
TOLERANCE = 1e-5
SEED = 42
# A file that says Yes as 1 or as true means the same.
_CHURNED = ("1", "true")


@dataclass(frozen=True)
class ForeignPipeline:
    """A fitted pipeline, and how its estimator's columns follow from the encoded columns of a schema.

    Attributes
    ----------
    places : ndarray of int, shape (n_columns,)
        Which encoded column each column of the estimator is.
    shift, scale : ndarray of float64, shape (n_columns,)
        Subtracted first, divided by then.
    words : dict of str to dict
        Per one-hot column of the pipeline: how it spells each level of the schema, or a value that it does
        not know.
    """

    pipeline: Pipeline
    schema: object
    places: np.ndarray
    shift: np.ndarray
    scale: np.ndarray
    words: dict

    @property
    def model(self):
        """The fitted classifier."""
        return self.pipeline.steps[-1][1]

    @property
    def model_type(self):
        """What kind of model it is."""
        return type_of(self.model)

    def score(self, features):
        """Return what scikit-learn says, uncalibrated.

        Parameters
        ----------
        features : DataFrame of shape (n_customers, n_features)
            From `ml.matrix.frames.clean_frame`.

        Returns
        -------
        ndarray of float64, shape (n_customers,)
        """
        features = fill_blanks(features, self.schema)
        by_name = {normal(name): name for name in self.schema.features}
        given = {}
        for name in self.pipeline.steps[0][1].feature_names_in_:
            cells = features[by_name[normal(name)]] if normal(name) in by_name else 0
            if name in self.words:
                cells = cells.map(self.words[name])
            elif normal(name) in by_name and not pd.api.types.is_numeric_dtype(cells):
                cells = (cells == "1").astype(np.float64)
            given[name] = cells
        table = pd.DataFrame(given, index=features.index)
        with threadpool_limits(limits=1):
            if hasattr(self.model, "predict_proba"):
                return self.pipeline.predict_proba(table)[:, 1].astype(np.float64)
            return 1 / (1 + np.exp(-self.pipeline.decision_function(table).astype(np.float64)))


def read_pipeline(pipeline, schema):
    """Return how the columns of a foreign pipeline follow from those of `schema`.

    Parameters
    ----------
    pipeline : object
        What came out of a file.
    schema : FeatureSchema

    Returns
    -------
    ForeignPipeline

    Raises
    ------
    ValueError
        It is not a pipeline of a ColumnTransformer and one of the six model types, or it reads a column or
        a category that the schema does not have. The sentence says which.
    """
    if not isinstance(pipeline, Pipeline) or len(pipeline.steps) != 2:
        raise ValueError("It must be a Pipeline of two steps: a ColumnTransformer and a classifier.")
    encode, model = pipeline.steps[0][1], pipeline.steps[1][1]
    if not isinstance(encode, ColumnTransformer) or not any(kind.made(model) for kind in IMPORTABLE):
        raise ValueError(
            f"Its steps are {type(encode).__name__} and {type(model).__name__}; a ColumnTransformer and one "
            f"of {', '.join(kind.class_name for kind in IMPORTABLE)} can be imported."
        )
    if not hasattr(encode, "feature_names_in_") or not hasattr(model, "classes_"):
        raise ValueError("It is not fitted, or was fitted on an array without names of columns.")
    _check_model(model, schema)
    reader = _Reader(schema, encode)
    for name, transformer, _ in encode.transformers_:
        reader.read(name, transformer)
    if len(reader.places) != model.n_features_in_ or None in reader.places:
        raise ValueError("The columns of its ColumnTransformer are not those of its classifier.")
    return ForeignPipeline(
        pipeline,
        schema,
        np.array(reader.places),
        np.array(reader.shift),
        np.array(reader.scale),
        reader.words,
    )


def export_foreign(foreign, features, labels, *, expected=None, source, slices=()):
    """Turn a foreign pipeline into the parts of a version, tried out and compared.

    Its probabilities stay what they are, except those of a support vector machine: it has none, so half of
    the customers teach a calibrator and the other half gives the figures.

    Parameters
    ----------
    foreign : ForeignPipeline
    features : DataFrame of shape (n_customers, n_features)
        From `ml.matrix.frames.clean_frame`; customers whom it has not learned from.
    labels : ndarray of int, shape (n_customers,)
    expected : ndarray of float64, shape (n_customers,), optional
        What the pipeline said about them where it was made; NaN where that is not known.
    source : dict
        Where it came from, for the manifest.
    slices : sequence of str, optional
        See `ml.learning.training.train_model`.

    Returns
    -------
    ExportedModel
        Without a pipeline: what was imported as data stays data.

    Raises
    ------
    ValueError
        It says something else here than where it was made, or graph and scikit-learn differ by more than
        1e-5, or there are too few customers to try it out.
    """
    schema, spec = foreign.schema, foreign.model_type
    said = foreign.score(features)
    if expected is not None:
        _check_expected(said, expected)
    calibrator, judged = Calibrator("none"), np.arange(len(labels))
    if not hasattr(foreign.model, "predict_proba"):
        taught, judged = split_half(labels, SEED)
        calibrator = fit_sigmoid(said[taught], labels[taught])
    tried = features.iloc[judged].reset_index(drop=True)

    def score(rows):
        return calibrator.apply(foreign.score(rows))

    found = try_out(score, tried, labels[judged], schema, slices=slices)
    serving, graph = serve(foreign)
    params = foreign.model.get_params()
    manifest = {
        "format": FORMAT,
        "model_type": spec.slug,
        "model_name": spec.name,
        "schema": schema.to_dict(),
        "serving": serving,
        "calibrator": calibrator.to_dict(),
        "threshold": THRESHOLD,
        "parameters": {rule.name: _plain(params[rule.name]) for rule in spec.rules if rule.name in params},
        "versions": {
            **list_versions(spec),
            "onnx": onnx.__version__,
            "onnxruntime": onnxruntime.__version__,
        },
        "golden": choose_golden(score, tried, score(tried), schema),
        "imported": source
        | {
            "tried_on": len(judged),
            "calibrated_on": len(labels) - len(judged),
            "compared": 0 if expected is None else int(np.isfinite(expected).sum()),
        },
        **found,
    }
    check_golden(manifest, graph)
    check_golden(manifest | {"serving": {"kind": "onnx"}}, graph)
    weighted = found["metrics"]["weighted"]
    return ExportedModel(
        manifest=manifest,
        onnx=graph,
        pipeline_pickle=None,
        metadata={"model_type": spec.name, "metrics": {key: weighted[key] for key in METRIC_KEYS}},
    )


def serve(foreign):
    """Return what serves instead of a foreign pipeline.

    Parameters
    ----------
    foreign : ForeignPipeline

    Returns
    -------
    serving : dict
        Folded tables where it is linear, for the manifest.
    graph : bytes
        ONNX over the encoded columns of the schema.
    """
    graph = build_reordered_graph(
        foreign.model,
        places=foreign.places,
        shift=foreign.shift,
        scale=foreign.scale,
        width=len(foreign.schema.encoded_columns),
    )
    return _fold(foreign) or {"kind": "onnx"}, graph


class _Reader:
    """Walks along the transformers and notes where each column of the estimator comes from."""

    def __init__(self, schema, encode):
        self.schema, self.encode = schema, encode
        self.categories = {normal(column.name): column for column in schema.categorical}
        self.numbers = {normal(column.name): column for column in schema.numeric}
        self.encoded = {name: place for place, name in enumerate(schema.encoded_columns)}
        width = max((part.stop or 0) for part in encode.output_indices_.values())
        self.places, self.shift, self.scale = [None] * width, [0.0] * width, [1.0] * width
        self.words = {}

    def read(self, name, transformer):
        inputs = [self.encode.feature_names_in_[place] for place in self._inputs(name)]
        if (isinstance(transformer, str) and transformer == "drop") or not inputs:
            return
        strange = [column for column in inputs if normal(column) not in self.categories | self.numbers]
        if strange:
            raise ValueError(
                f"It reads {', '.join(strange)}, which {self.schema.name} does not have. "
                f"It has {', '.join(self.schema.features)}."
            )
        last = self._last(transformer)
        output = self.encode.output_indices_[name].start
        if isinstance(last, OneHotEncoder):
            self._one_hot(inputs, last, output)
        elif isinstance(last, StandardScaler):
            shift = last.mean_ if last.with_mean else np.zeros(len(inputs))
            self._numbers(inputs, shift, last.scale_ if last.with_std else np.ones(len(inputs)), output)
        elif isinstance(last, MinMaxScaler):
            if last.clip:
                raise ValueError("Its MinMaxScaler clips, which the graph does not.")
            self._numbers(inputs, -last.min_ / last.scale_, 1 / last.scale_, output)
        elif last == "passthrough" or (isinstance(last, FunctionTransformer) and last.func is None):
            self._numbers(inputs, np.zeros(len(inputs)), np.ones(len(inputs)), output)
        else:
            raise ValueError(
                f"Its columns {', '.join(inputs)} go through {type(last).__name__}; OneHotEncoder, "
                "StandardScaler, MinMaxScaler or nothing can be imported."
            )

    def _inputs(self, name):
        return list(self.encode._transformer_to_input_indices[name])

    def _last(self, transformer):
        """Return what remains of a column's way: nothing is missing here, so imputers do nothing."""
        if not isinstance(transformer, Pipeline):
            return transformer
        steps = [
            step
            for _, step in transformer.steps
            if not (isinstance(step, SimpleImputer) and not step.add_indicator)
        ]
        if len(steps) > 1:
            raise ValueError(f"A column goes through {len(steps)} steps; one can be imported.")
        return steps[0] if steps else "passthrough"

    def _one_hot(self, inputs, encoder, output):
        if encoder._infrequent_enabled:
            raise ValueError("Its OneHotEncoder puts rare categories together, which the graph does not.")
        # What it does not know takes part in no column, here as everywhere.
        encoder.handle_unknown = "ignore"
        dropped = encoder.drop_idx_ if encoder.drop_idx_ is not None else [None] * len(inputs)
        for name, words, without in zip(inputs, encoder.categories_, dropped, strict=True):
            column = self.categories.get(normal(name))
            if column is None:
                raise ValueError(f"It reads {name} as a category; in {self.schema.name} it is a number.")
            spelling = {column.unknown: _unknown(words)}
            for position, word in enumerate(words):
                place = column.position(word)
                if place < 0:
                    raise ValueError(
                        f"It knows {name} as {word!r}, which {self.schema.name} does not: "
                        f"{', '.join(column.values)}."
                    )
                spelling[column.values[place]] = word
                if position != without:
                    self.places[output] = self.encoded[f"{column.name}={column.values[place]}"]
                    output += 1
            strange = spelling[column.unknown]
            self.words[name] = {
                level: spelling.get(level, strange) for level in (column.unknown, *column.levels)
            }

    def _numbers(self, inputs, shift, scale, output):
        for position, name in enumerate(inputs):
            column = self.numbers.get(normal(name))
            place = self.encoded[column.name] if column else self._as_number(self.categories[normal(name)])
            self.places[output + position] = place
            self.shift[output + position] = float(shift[position])
            self.scale[output + position] = float(scale[position])

    def _as_number(self, column):
        # Whoever reads 0 and 1 as a number reads the same as its second column.
        if column.values != ("0", "1"):
            raise ValueError(f"It reads {column.name} as a number; in {self.schema.name} it is a category.")
        return self.encoded[f"{column.name}=1"]


def _unknown(words):
    """Return a value of the kind of `words` that is none of them."""
    if np.asarray(words).dtype.kind in "iuf":
        return np.max(words) + 1
    return "\N{REPLACEMENT CHARACTER}"


def _check_model(model, schema):
    classes = [normal(label) for label in model.classes_]
    if len(classes) != 2 or classes[1] not in (normal(schema.label.values[-1]), *_CHURNED):
        raise ValueError(
            f"Its classes are {', '.join(map(str, model.classes_))}; they must be two, the second of them "
            f"{schema.label.values[-1]!r} or 1 for customers who left."
        )
    if fault := type_of(model).refuse_foreign(model):
        raise ValueError(fault)


def _check_expected(said, expected):
    """Refuse a pipeline that says something else here than where it was made."""
    distance = np.abs(said - expected)
    known = np.isfinite(expected)
    # Written so that a NaN is refused, too.
    wrong = np.flatnonzero(known & ~(distance <= TOLERANCE))
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(
            f"Customer {row + 1:,} of the file: it said {expected[row]:.6f} where it was made and says "
            f"{said[row]:.6f} here. {wrong.size:,} of {int(known.sum()):,} customers differ by more than "
            f"{TOLERANCE:g}. Give the probabilities with all their digits, or import it as ONNX."
        )


def _fold(foreign):
    """Return the tables of a linear pipeline over the columns of the schema; None where it is not linear."""
    if not foreign.model_type.is_linear(foreign.model):
        return None
    own, bias = foreign.model_type.collapse(foreign.model)
    own = own / foreign.scale
    bias -= float(own @ foreign.shift)
    weights = np.zeros(len(foreign.schema.encoded_columns))
    np.add.at(weights, foreign.places, own)
    return fold_weights(weights, bias, foreign.schema)


def _plain(value):
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value
