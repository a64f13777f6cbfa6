"""Scoring from the manifest: one customer in microseconds, a million in seconds. No data frame anywhere."""

from __future__ import annotations

import math
import threading

import numpy as np

from ml.matrix.columns import read_columns
from ml.matrix.schemas import FeatureSchema, is_blank
from ml.serving.calibration import Calibrator
from ml.serving.explanation import explain

# Rows that are worked on at once: small enough for the encoded matrix to stay in the processor's cache.
CHUNK = 8_192


class Scorer:
    """Gives customers their calibrated probability of churn.

    Safe to share between threads. Linear models are served from the folded tables of the manifest; all others
    run their ONNX graph on one thread.

    Parameters
    ----------
    manifest : dict
        From `ml.exchange.export.export_model`, possibly after a round trip through JSON.
    onnx : bytes or None
        The graph; may be None where the manifest holds folded tables.

    Attributes
    ----------
    kind : {"linear", "onnx"}
        From what it is served: the folded tables of the manifest, or its graph.

    Raises
    ------
    ValueError
        The manifest does not fit together, or the graph is missing or not a graph.

    Notes
    -----
    A cell belongs to a category that equals it after trimming and case-folding. An unknown category takes
    part in no one-hot column: it adds nothing to a linear model and answers "no" to every question of a tree,
    exactly as ``OneHotEncoder(handle_unknown="ignore")`` has it in the pipeline. Where the schema has a level
    for others or for blanks, the cell belongs to that; a blank number is read as the schema says.
    """

    def __init__(self, manifest, onnx=None):
        try:
            self.schema = FeatureSchema.from_dict(manifest["schema"])
            self.calibrator = Calibrator.from_dict(manifest["calibrator"])
            self.threshold = float(manifest["threshold"])
            self.observed = {name: tuple(limits) for name, limits in manifest["observed"].items()}
            self.golden = manifest["golden"]
            # How the features of a purchase log are computed; None where a file has them as columns.
            self.purchase_features = manifest.get("purchase_features")
            serving = manifest["serving"]
            self.kind = serving["kind"]
        except KeyError as error:
            raise ValueError(f"The manifest lacks {error}.") from error
        if self.kind == "linear":
            self._path = _LinearPath(serving, self.schema, self.calibrator)
        elif self.kind == "onnx":
            if onnx is None:
                raise ValueError("This model is served from its ONNX graph, which was not given.")
            self._path = _GraphPath(onnx, self.schema, self.calibrator)
        else:
            raise ValueError(f"Unknown kind of serving: {self.kind!r}.")
        self.score_record = self._path.score_record

    def score_record(self, record):  # replaced per instance: one call less on the hottest path
        """Return the calibrated probability of one customer.

        Parameters
        ----------
        record : mapping of str to object
            Every feature by its exact name; other keys are ignored. Categories as text (or a number that
            reads like one), numbers as numbers or as text that Python reads as a number.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            A feature is missing, or a number is not finite.
        """
        return self._path.score_record(record)

    def score_batch(self, columns):
        """Return the calibrated probabilities of many customers.

        Parameters
        ----------
        columns : mapping of str to array
            See `ml.matrix.columns.read_columns`.

        Returns
        -------
        ndarray of float64, shape (n,)

        Raises
        ------
        ValueError
            A column is missing or broken.
        """
        return self._path.score(*read_columns(columns, self.schema))

    def explain_batch(self, columns, sample=2_000, *, seed=0, threads=1):
        """Return how much each feature moves the probability in this batch.

        Parameters
        ----------
        columns : mapping of str to array
        sample : int, default 2000
            Most customers to look at; drawn at random where the batch is larger.
        seed : int, default 0
        threads : int, default 1
            How many features are looked at side by side.

        Returns
        -------
        list of (str, float)
            Feature and mean absolute change of the probability, largest first. See
            `ml.serving.explanation.explain`.
        """
        coded, numbers = read_columns(columns, self.schema)
        background = {name: [row["record"][name] for row in self.golden] for name in self.schema.features}
        return explain(
            self._path.score,
            self.schema,
            coded,
            numbers,
            background=read_columns(background, self.schema),
            sample=sample,
            seed=seed,
            threads=threads,
        )


class _LinearPath:
    def __init__(self, serving, schema, calibrator):
        self.calibrator = calibrator
        self.bias = float(serving["bias"])
        self.tables, self.single = [], []
        for column in schema.categorical:
            weights = [float(weight) for weight in serving["tables"][column.name]]
            if len(weights) != len(column.levels):
                raise ValueError(f"{column.name} has {len(column.levels)} values but {len(weights)} weights.")
            self.tables.append(np.array([*weights, 0.0]))
            self.single.append(
                (column.name, dict(zip(column.levels, weights, strict=True)).get, column, weights)
            )
        blanks = serving.get("blanks", {})
        self.weights = [float(serving["weights"][column.name]) for column in schema.numeric]
        # What a blank comes to: the weight of what it is read as, and that of its indicator.
        self.blanks = [
            None if column.fill is None else weight * column.fill + float(blanks.get(column.name, 0.0))
            for column, weight in zip(schema.numeric, self.weights, strict=True)
        ]
        columns = list(zip(schema.numeric, self.weights, self.blanks, strict=True))
        self.numeric = [(column.name, weight) for column, weight, blank in columns if blank is None]
        self.fillable = [(column.name, *both) for column, *both in columns if column.fill is not None]

    def score_record(self, record):
        total = self.bias
        try:
            for name, weight_of, column, weights in self.single:
                weight = weight_of(record[name])
                if weight is None:  # another spelling, or unknown
                    position = column.position(record[name])
                    weight = weights[position] if position >= 0 else 0.0
                total += weight
            for name, weight in self.numeric:
                total += weight * float(record[name])
            for name, weight, blank in self.fillable:
                value = record[name]
                total += blank if is_blank(value) else weight * float(value)
        except (KeyError, TypeError, ValueError) as error:
            raise _bad_record(error, record) from error
        # One check of the sum stands for one per number: it is finite only if all of them are.
        if not math.isfinite(total):
            raise ValueError("A number of this customer is not finite.")
        return self.calibrator.apply_one_logit(total)

    def score(self, coded, numbers):
        rows = len(numbers[0]) if numbers else len(coded[0].indices)
        found = np.empty(rows)
        for start in range(0, rows, CHUNK):
            chunk = slice(start, min(start + CHUNK, rows))
            total = np.full(chunk.stop - start, self.bias)
            for table, column in zip(self.tables, coded, strict=True):
                total += column.look_up(table, chunk)
            for weight, blank, column in zip(self.weights, self.blanks, numbers, strict=True):
                part = weight * column[chunk]
                total += part if blank is None else np.where(np.isnan(part), blank, part)
            found[chunk] = self.calibrator.apply_to_logits(total)
        return found


class _GraphPath:
    def __init__(self, onnx, schema, calibrator):
        # Takes a quarter of a second to import; linear models never need it.
        import onnxruntime

        self.runtime, self.calibrator, self.schema = onnxruntime, calibrator, schema
        options = onnxruntime.SessionOptions()
        # Threads of its own would wait by spinning; batches go through side by side instead.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self.session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exceptions share no base class
            raise ValueError(f"The ONNX graph cannot be loaded: {error}") from error
        self.width = len(schema.encoded_columns)
        self.single, self.blocks, start = [], [], 0
        for column in schema.categorical:
            size = len(column.levels)
            places = {level: start + position for position, level in enumerate(column.levels)}
            self.single.append((column.name, places.get, column, start))
            # The last row, all zeros, is the unknown category.
            self.blocks.append((slice(start, start + size), np.eye(size + 1, size, dtype=np.float32)))
            start += size
        # Of each number: its place, what a blank is read as, and the place that says that it was blank.
        self.numeric = []
        for column in schema.numeric:
            place, *indicator = schema.places[column.name]
            self.numeric.append((column.name, place, column.fill, indicator[0] if indicator else None))
        if self.session.get_inputs()[0].shape[1] != self.width:
            raise ValueError(f"The ONNX graph expects other columns than the {self.width} of the schema.")
        self.local = threading.local()

    def score_record(self, record):
        local = self.local
        try:
            row, run, found = local.row, local.run, local.found
        except AttributeError:
            row, run, found = self._bind()
        row.fill(0.0)
        try:
            for name, place_of, column, start in self.single:
                place = place_of(record[name])
                if place is None:  # another spelling, or unknown
                    position = column.position(record[name])
                    if position < 0:
                        continue
                    place = start + position
                row[place] = 1.0
            for name, place, fill, indicator in self.numeric:
                value = record[name]
                if fill is not None and is_blank(value):
                    row[place] = fill
                    if indicator is not None:
                        row[indicator] = 1.0
                    continue
                value = float(value)
                if not math.isfinite(value):
                    raise ValueError(f"{name} is not finite")
                row[place] = value
        except (KeyError, TypeError, ValueError) as error:
            raise _bad_record(error, record) from error
        run()
        return self.calibrator.apply_one(float(found[0]))

    def _bind(self):
        """Prepare input, output and call once per thread: binding is most of the cost of scoring one row."""
        row, found = np.zeros((1, self.width), np.float32), np.zeros((1, 1), np.float32)
        binding = self.session.io_binding()
        value = self.runtime.OrtValue.ortvalue_from_numpy
        local = self.local
        local.values = value(row), value(found)
        binding.bind_ortvalue_input(self.session.get_inputs()[0].name, local.values[0])
        binding.bind_ortvalue_output(self.session.get_outputs()[0].name, local.values[1])
        session = self.session
        local.row, local.found = row[0], found[0]
        local.run = lambda: session.run_with_iobinding(binding)
        return local.row, local.run, local.found

    def score(self, coded, numbers):
        rows = len(numbers[0]) if numbers else len(coded[0].indices)
        found = np.empty(rows)
        matrix = np.empty((min(CHUNK, rows), self.width), np.float32)
        source = self.session.get_inputs()[0].name
        for start in range(0, rows, CHUNK):
            chunk = slice(start, min(start + CHUNK, rows))
            part = matrix[: chunk.stop - start]
            for (place, block), column in zip(self.blocks, coded, strict=True):
                part[:, place] = column.look_up(block, chunk)
            for (_, place, fill, indicator), column in zip(self.numeric, numbers, strict=True):
                cells = column[chunk]
                if fill is None:
                    part[:, place] = cells
                    continue
                blank = np.isnan(cells)
                part[:, place] = np.where(blank, fill, cells)
                if indicator is not None:
                    part[:, indicator] = blank
            found[chunk] = self.calibrator.apply(self.session.run(None, {source: part})[0][:, 0])
        return found


def _bad_record(error, record):
    if isinstance(error, KeyError):
        return ValueError(f"Missing column: {error.args[0]}.")
    return ValueError(f"A value of this customer cannot be read: {error}.")
