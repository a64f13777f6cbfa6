"""One type of model tried with several settings, each customer judged by a model that has not seen it."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from threadpoolctl import threadpool_limits

from ml.evaluation.means import mean_interval, standard_error
from ml.evaluation.metrics import evaluate, log_losses, reliability
from ml.evaluation.profit import profit_curve
from ml.evaluation.resampling import bootstrap_metrics
from ml.learning.honest_scores import encoded_scores
from ml.learning.judging import choose_threshold
from ml.learning.pipelines import build_pipeline
from ml.model_types.catalogue import MODEL_TYPES
from ml.serving.calibration import choose_calibrator, fit_sigmoid

# A fit of more customers takes minutes for these types: they learn from a part, drawn by the seed. Twice as
# many take three times as long, and lowered the log loss on telco customers by .002.
MOST_LEARNED = {"support_vector_machine": 2_000}
# A setting is given up where after a fold or more its loss is larger than that of the best by so many
# standard errors of the paired difference. How often that threw away a later winner: docs/decisions/0054.
GIVEN_UP_AT = 3.0
RESAMPLES = 200
CANNOT = "It could not learn"
# Where nobody said what a customer is worth: one kept customer pays for twenty contacts, every third helps.
CAMPAIGN = {"value": 20.0, "cost": 1.0, "success_rate": 1 / 3}


@dataclass(frozen=True)
class TypeResult:
    """What came of one type.

    Attributes
    ----------
    tried : list of dict
        For each setting ``params``; ``log_loss``, ``roc_auc`` and ``f1`` (at the threshold where it is
        largest) of the ``folds`` that were done; ``seconds``; and ``stopped``, why it was given up or failed,
        or empty.
    chosen : dict or None
        Those with the lowest log loss; None where none was tried to its end.
    figures, intervals, spread : dict
        Of the chosen ones, out of fold and calibrated; 95 % intervals; standard deviations over the folds.
    rows, learned_rows : int
        How many customers there are, and from how many of them each model learned at most.
    draws : bool
        Whether these were drawn from more, because all would take too long.
    failed : str
        Why nothing came of it, or empty.
    said : ndarray of float64, shape (n_customers,), or None
        What the chosen ones said of each customer, out of fold and calibrated. Kept apart from the others.
    """

    model_type: str
    tried: list
    chosen: dict | None
    figures: dict = field(default_factory=dict)
    intervals: dict = field(default_factory=dict)
    spread: dict = field(default_factory=dict)
    threshold: float | None = None
    rows: int = 0
    learned_rows: int = 0
    draws: bool = False
    seconds: float = 0.0
    failed: str = ""
    said: np.ndarray | None = field(default=None, repr=False, compare=False)

    def to_dict(self):
        """Return plain numbers, texts and lists, ready for JSON, without `said`."""
        return asdict(replace(self, said=None))

    @classmethod
    def from_dict(cls, data, said=None):
        """Return what `to_dict` gave, with what was kept apart."""
        return cls(**data | {"said": said})


@dataclass
class _Setting:
    """A setting while it is tried: its scores so far, NaN for whom no model judged yet."""

    params: dict
    scores: np.ndarray
    folds: int = 0
    seconds: float = 0.0
    stopped: str = ""

    def judged(self, labels):
        """Return the outcomes of those judged so far, and what a sigmoid fitted on them says of each.

        Some types have scores that are no probabilities. Two numbers for hundreds of customers flatter
        nobody.
        """
        known = ~np.isnan(self.scores)
        scores, outcomes = self.scores[known], labels[known]
        return outcomes, fit_sigmoid(scores, outcomes).apply(scores)

    def losses(self, labels):
        """Return the log loss of each customer judged so far."""
        return log_losses(*self.judged(labels))


def try_type(features, labels, folds, *, schema, model_type, seed, seconds, on_progress=None):
    """Try every setting of a type over the folds, and judge the best of them.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        From `ml.matrix.frames.clean_frame`.
    labels : ndarray of int, shape (n_customers,)
    folds : ndarray of int, shape (n_customers,)
        From `ml.learning.honest_scores.number_folds`.
    schema : FeatureSchema
    model_type : str
        A slug of `ml.model_types.catalogue.MODEL_TYPES`.
    seed : int
    seconds : float
        The budget: no further fit begins after it. The first setting that learns is always tried to its end,
        so that there is something to compare.
    on_progress : callable, optional
        Told after each fit how many are done, and how many there are at most.

    Returns
    -------
    TypeResult
        The same for the same arguments, but for seconds, and where the budget ended something.
    """
    started = time.perf_counter()
    with threadpool_limits(limits=1):
        trial = _Trial(features, labels, folds, schema, MODEL_TYPES[model_type], seed)
        try:
            trial.run(started + seconds, on_progress or (lambda done, total: None))
            found = trial.judge()
        except _NothingLearned as error:
            found = {"tried": trial.tell(), "chosen": None, "failed": str(error)}
    return TypeResult(model_type=model_type, rows=len(labels), seconds=time.perf_counter() - started, **found)


class _NothingLearned(ValueError):
    """No setting of the type was tried to its end."""


class _Trial:
    def __init__(self, features, labels, folds, schema, model_type, seed):
        self.features, self.labels, self.folds = features, labels, folds
        self.schema, self.model_type, self.seed = schema, model_type, seed
        self.numbers = np.unique(folds).tolist()
        self.most = MOST_LEARNED.get(model_type.slug, len(labels))
        self.learned_rows, self.draws = 0, False
        self.settings = [self._begin(dict(each)) for each in model_type.candidates]

    def _begin(self, params):
        setting = _Setting(params, np.full(len(self.labels), np.nan))
        try:
            setting.params = self.model_type.check_params(params)
        except ValueError as error:
            setting.stopped = f"{CANNOT}: {error}"
        return setting

    def run(self, until, on_progress):
        if any(len(np.unique(self.labels[self.folds == number])) < 2 for number in self.numbers):
            raise _NothingLearned(
                f"{CANNOT}: too many customers are equal for folds with some who left and some who stayed."
            )
        done, total = 0, len(self.settings) * len(self.numbers)
        for number in self.numbers:
            encoded = self._encode(number)
            for setting in self._open():
                # The one that is tried to its end in any case may have failed a moment ago.
                if setting is not self._open()[0] and time.perf_counter() > until:
                    setting.stopped = "The time was over."
                    continue
                self._fit(setting, *encoded)
                done += 1
                on_progress(done, total)
            self._give_up(number)
        # All that is left is the judging.
        on_progress(total, total)

    def _encode(self, number):
        """Return one fold encoded: a subsample of those to learn from, and those to judge."""
        learned, judged = np.flatnonzero(self.folds != number), np.flatnonzero(self.folds == number)
        learned = self._some_of(learned)
        self.learned_rows = max(self.learned_rows, len(learned))
        encode = build_pipeline(self.model_type, None, self.seed, schema=self.schema).named_steps["encode"]
        try:
            matrix = encode.fit_transform(self.features.iloc[learned])
            asked = encode.transform(self.features.iloc[judged])
        except ValueError as error:
            raise _NothingLearned(f"{CANNOT}: {error}") from error
        return matrix, self.labels[learned], asked, judged

    def _some_of(self, places):
        if len(places) <= self.most:
            return places
        self.draws = True
        rng = np.random.default_rng(self.seed)
        churned = self.labels[places] == 1
        # As many leavers in a hundred as among all of them.
        parts = [rng.permutation(part) for part in (places[churned], places[~churned])]
        return np.sort(np.concatenate([part[: round(self.most * len(part) / len(places))] for part in parts]))

    def _open(self):
        return [one for one in self.settings if not one.stopped]

    def _fit(self, setting, matrix, taught, asked, judged):
        began = time.perf_counter()
        try:
            model = self.model_type.make_estimator(setting.params, self.seed).fit(matrix, taught)
            scores = encoded_scores(model, asked)
            if not np.isfinite(scores).all():
                raise ValueError("it gives no numbers for some customers.")
        except Exception as error:
            if not self._is_refusal(error):
                raise
            setting.stopped = f"{CANNOT}: {error}"
        else:
            setting.scores[judged] = scores
            setting.folds += 1
        setting.seconds += time.perf_counter() - began

    def _is_refusal(self, error):
        """Say whether a type cannot learn these customers in this way; all else is a fault of ours."""
        of_library = type(error).__module__.partition(".")[0] == self.model_type.library
        return of_library or isinstance(error, (ValueError, ArithmeticError))

    def _give_up(self, number):
        """Stop what is shown to be behind the best, customer by customer, while folds are left."""
        open_ones = self._open()
        if number == self.numbers[-1] or len(open_ones) < 2:
            return
        losses = [one.losses(self.labels) for one in open_ones]
        best = min(losses, key=np.mean)
        for one, lost in zip(open_ones, losses, strict=True):
            differences = lost - best
            # Two settings that come to the same, to the last bit, differ by 0 with an error of 0.
            if differences.mean() > GIVEN_UP_AT * standard_error(differences):
                one.stopped = f"Given up after {one.folds} of {len(self.numbers)} folds: shown to be behind."

    def judge(self):
        whole = [one for one in self.settings if one.folds == len(self.numbers)]
        if not whole:
            raise _NothingLearned(
                next(one.stopped for one in self.settings if one.stopped.startswith(CANNOT))
            )
        best = min(whole, key=lambda one: one.losses(self.labels).mean())
        said = calibrate_out_of_fold(best.scores, self.labels, self.folds)
        threshold = choose_threshold(self.labels, said)
        return {
            "tried": self.tell(),
            "chosen": best.params,
            "threshold": threshold,
            "learned_rows": self.learned_rows,
            "draws": self.draws,
            "said": said,
            **self._figures(best.scores, said, threshold),
        }

    def tell(self):
        """Return what became of each setting."""
        return [
            {
                "params": one.params,
                **self._figures_so_far(one),
                "folds": one.folds,
                "seconds": one.seconds,
                "stopped": one.stopped,
            }
            for one in self.settings
        ]

    def _figures_so_far(self, setting):
        if not setting.folds:
            return {"log_loss": None, "roc_auc": None, "f1": None}
        outcomes, said = setting.judged(self.labels)
        found = evaluate(outcomes, said, choose_threshold(outcomes, said))
        return {
            "log_loss": found["log_loss"],
            "roc_auc": found["weighted"]["AUC"],
            "f1": found["churners"]["f1"],
        }

    def _figures(self, scores, said, threshold):
        found = evaluate(self.labels, said, threshold)
        by_fold = [self._of_fold(said, threshold, number) for number in self.numbers]
        intervals = bootstrap_metrics(self.labels, said, threshold, resamples=RESAMPLES)
        auc, f1 = intervals.weighted["AUC"], intervals.churners["f1"]
        campaign = profit_curve(self.labels, said, **CAMPAIGN)
        return {
            "figures": {
                "accuracy": found["weighted"]["Accuracy"],
                **{name: found["churners"][name] for name in ("precision", "recall", "f1")},
                "f1_weighted": found["weighted"]["F1 Score"],
                "roc_auc": found["weighted"]["AUC"],
                "pr_auc": found["churners"]["average_precision"],
                "log_loss": found["log_loss"],
                "brier": found["brier"],
                "ece_before": reliability(self.labels, scores)["ece"],
                "ece_after": found["calibration"]["ece"],
                "precision_at_10": precision_of_first(self.labels, said, 0.1),
                "precision_at_20": precision_of_first(self.labels, said, 0.2),
                "lift_at_10": precision_of_first(self.labels, said, 0.1) / float(self.labels.mean()),
                "profit": campaign.best.profit / len(self.labels),
            },
            "intervals": {
                "roc_auc": [auc.low, auc.high],
                "f1": [f1.low, f1.high],
                "log_loss": mean_interval(log_losses(self.labels, said)),
            },
            "spread": {
                name: float(np.std([one[name] for one in by_fold], ddof=1))
                for name in ("f1", "roc_auc", "log_loss")
            },
        }

    def _of_fold(self, said, threshold, number):
        there = self.folds == number
        found = evaluate(self.labels[there], said[there], threshold)
        return {
            "f1": found["churners"]["f1"],
            "roc_auc": found["weighted"]["AUC"],
            "log_loss": found["log_loss"],
        }


def calibrate_out_of_fold(scores, labels, folds):
    """Calibrate each customer's score by a calibrator that was chosen and fitted without its fold.

    Parameters
    ----------
    scores : ndarray of float64, shape (n_customers,)
        Out of fold.
    labels, folds : ndarray of int, shape (n_customers,)

    Returns
    -------
    ndarray of float64, shape (n_customers,)
    """
    said = np.empty(len(scores))
    for number in np.unique(folds):
        judged = folds == number
        known = ~judged
        said[judged] = choose_calibrator(scores[known], labels[known], folds[known]).apply(scores[judged])
    return said


def precision_of_first(labels, probabilities, share):
    """Return which share of the customers with the highest probabilities left.

    Parameters
    ----------
    labels, probabilities : ndarray of shape (n_customers,)
    share : float
        Of all customers, above 0; at least one is asked.

    Returns
    -------
    float
        Of customers with the same probability those of the table's first rows are taken.

    Examples
    --------
    >>> precision_of_first(np.array([0, 1, 0, 0]), np.array([0.1, 0.9, 0.2, 0.3]), 0.5)
    0.5
    """
    first = np.argsort(-probabilities, kind="stable")[: max(1, round(share * len(labels)))]
    return float(labels[first].mean())
