"""The sentences that presenters write from counts, at the extremes: shares of 0, of 1 and just beside them,
one of a kind, none, equal and negative ones.

What is checked holds of any sentence: it claims neither all nor nothing where it is neither, it is good
English of one, and it never shows what a program calls a missing number.
"""

import copy
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from django.conf import settings

from ml.serving.risk import POLICIES
from predictions.models import Prediction
from predictions.presenting import summary
from predictions.presenting.finished_lists import FinishedList
from predictions.presenting.histories import (
    FULL,
    LAPSED,
    LATEST,
    LOG,
    ONE_PURCHASE,
    SENT,
    TODAY,
    HistoryScore,
    Moment,
    remarks_on,
)
from predictions.presenting.logs import Changes, LogResult
from predictions.presenting.named import Named
from predictions.presenting.outcomes import Graded, Outcomes
from registry.models import ModelDeployment, ModelMetrics, ModelType, ModelVersion, Population, ShadowRun
from registry.presenting import cards, charts
from registry.presenting.disagreement import Disagreement
from registry.presenting.judged import describe_judged
from registry.presenting.quality import quality_of
from registry.telecom import TELECOM
from registry.tests.factories import CURVES
from training.models import TrainingRun
from training.presenting import charts as training_charts
from training.presenting import purchases
from training.presenting.leaks import describe_leaks
from training.presenting.log_models import Verdict
from training.presenting.own_tables import _says
from training.presenting.simple_rule import describe_standing
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.presenting.findings import MatrixFindings, Reading
from transactions.presenting.profile_charts import churn_rates
from transactions.presenting.profile_findings import _said_of_faults

NEARLY = (0.995, 0.9951, 0.9999, 0.999999, 0.004, 0.00004)
EXACT = (0.0, 1.0, 0.5)
# Written as all or nothing: 100 %, 0.0 %, 100 of 100, 0 in 100.
ALL_OR_NOTHING = re.compile(r"(?<![\d.,<>])(?:100|0)(?:\.0+)?(?:\s?%| (?:of|in) 100\b)")
MORE_THAN_ONE = re.compile(
    r"(?<![\d.,])1 (?:customers|rows|runs|purchases|days|features|faults|users)\b|"
    r"(?<![\d.,])1 (?:were|are|have)\b"
)
# A share that is formatted where it stands goes around `core.figures`; what plotly formats is no sentence.
OWN_WAY = re.compile(r"(?<!%)\{[^{}]*:[.,\d]*%\}|\{100 \*[^{}]*\}")
NO_NUMBER = re.compile(r"\b(?:nan|None(?! of)|inf)\b|[+\u2212-]-|\{|\}")


MODULES = sorted(settings.BASE_DIR.glob("*/presenting/*.py"))


def version_with(found) -> ModelVersion:
    version = ModelVersion(name="Decision Tree", version="v3", model_type=ModelType(name="Decision Tree"))
    version.metrics = ModelMetrics(
        accuracy=found["churners"]["precision"],
        auc_roc=found["churners"]["auc"],
        precision=found["churners"]["precision"],
        recall=found["churners"]["recall"],
        f1_score=found["churners"]["f1"],
        additional_metrics=found,
    )
    return version


def figures(share: float, rows: int = 1_000_000) -> dict:
    """Return what is stored of a version, every share of it the same."""
    found = copy.deepcopy(CURVES)
    found["churners"] = dict.fromkeys(found["churners"], share)
    found["calibration"] |= {"ece": share, "mean_probability": share, "churn_rate": share}
    for group in found["calibration"]["bins"]:
        group |= {"mean_probability": share, "churn_rate": share}
    hits = round(share * rows)
    found["confusion"] = {
        "true_positive": hits, "false_positive": rows - hits, "false_negative": 0, "true_negative": 0,
    }  # fmt: skip
    interval = {"value": share, "low": share, "high": share}
    found["intervals"] = {
        "churners": {"recall": interval, "precision": interval},
        "weighted": {"AUC": interval},
    }
    return found | {"rows": rows, "brier": share, "log_loss": share}


def of_version(share, rows=1_000_000):
    found, base = figures(share, rows), Population(**TELECOM)
    quality = quality_of(version_with(found))
    yield quality.in_words
    yield from (f"{figure['value']} {figure['explanation']}" for figure in quality.at_home)
    yield cards.threshold_reason(found)
    yield from (limit.text for limit in cards.limits_of(found, None, base))
    yield from charts.titles(found, base.heading_of).values()


def of_comparison(share, rows=1_000_000):
    profit = {"best": {"profit": share}}
    version = {"name": "Decision Tree v2", "figures": figures(share, rows), "profit": profit}

    @dataclass
    class Pair:
        currency: str = "EUR"
        new: dict = field(default_factory=lambda: version)
        serving: dict = field(default_factory=lambda: version)
        newest_uploads: dict = field(default_factory=lambda: {"newest": figures(share, rows)["calibration"]})

    yield from training_charts.titles(Pair()).values()
    for moved in (0, 1, rows):
        sides = {"to_leave": {"customers": moved}, "to_stay": {"customers": 0}}
        yield training_charts.sides_title(sides, rows)


def apart(share, rows):
    """Make up what was found of those whom no model is asked about."""
    bands = [
        {
            "from_days": low, "until_days": high, "rows": rows, "churned": round(share * rows),
            "mean_probability": share,
        }
        for low, high in ((0, 30), (30, None))
    ]  # fmt: skip
    auc = {"value": share, "low": share, "high": share}
    judged = {"rows": rows, "mean_probability": share, "churn_rate": share, "auc": auc, "bands": bands}
    return {"first_buyers": judged, "lapsed": judged}


def past(share, rows):
    one = {"as_of": "2024-03-01T00:00:00", "customers": rows, "promised": share, "happened": share}
    return [one, one | {"promised": 1 - share}]


def of_history(share, rows=1_000_000):
    version = version_with(figures(share, rows) | {"judged_apart": apart(share, rows)})
    for evidence in (FULL, ONE_PURCHASE, LAPSED):
        for source in (SENT, LOG, TODAY, LATEST):
            found = HistoryScore(
                probability=share, segment="Low", moment=Moment(datetime(2024, 9, 15), source),
                evidence=evidence, window_days=90, horizon_days=60, silent_days=rows, version=version,
            )  # fmt: skip
            yield from remarks_on(found)
    yield describe_judged(version.metrics.additional_metrics, None)


def of_log_training(share, rows=1_000_000):
    for auc, gains in ((share, (0.01, 0.02)), (share, (-0.02, -0.01)), (share, (-0.01, 0.01))):
        training = TrainingRun(
            kind="PURCHASES",
            model_type=ModelType(name="Decision Tree"),
            version=version_with(figures(auc, rows)),
            report={
                "split": "temporal",
                "trained_at_cutoff": "2024-01-01T00:00:00",
                "tested_at_cutoff": "2024-03-01T00:00:00",
                "registered_at_cutoff": "2024-03-01T00:00:00",
                "optimistic": {"auc": share, "f1": share},
                "lapsed": rows,
                "one_purchase": rows,
                "judged_apart": apart(share, rows),
                "past_forecasts": past(share, rows),
                "cutoffs": {
                    "tested_from": 2, "serves_from": 3,
                    "tried": [{"cutoffs": 1, "brier": share}, {"cutoffs": 2, "brier": share}],
                },
                "simple_rule": {
                    "feature": "recency_days", "higher_is_riskier": True, "auc": share, "f1": share,
                    "f1_of_all": share, "model_gains": {"value": 0.0, "low": gains[0], "high": gains[1]},
                },
            },
        )  # fmt: skip
        verdict = Verdict(training)
        yield from (verdict.headline, verdict.meaning, verdict.how, describe_standing(training))
        for _, sentences in purchases.describe_report(training):
            yield from sentences


def realised(share, rows):
    group = {
        "customers": rows, "left": round(share * rows), "expected": share * rows,
    }  # fmt: skip
    tiers = [group for _ in POLICIES["segments_v2"].tiers]
    return {"everybody": group, "named": group, "tiers": tiers, "unknown": 0}


def of_result(share, rows=1_000_000):
    named = round(share * rows)
    counts = {
        "rows": rows,
        "churners": named,
        "threshold": 0.5,
        "expected_named": share * named,
        "policy": "segments_v2",
        "histogram": [named, 0, 0, 0, rows - named],
        "realised": realised(share, rows),
        "untouched": {"learned_from": rows // 2, "twins": named, "realised": realised(share, rows)},
        "features": [],
    }
    base = Population(**TELECOM)
    prediction = Prediction(result=counts, population=base, model=version_with(figures(share, rows)))
    found = summary.Findings(prediction)
    yield from (found.headline, found.shape, found.revenue_sentence, Named(counts).expectation)
    if found.precision:
        yield f"{found.precision['of_100']} in 100, {found.precision['text']}"
    yield summary.quality_line(prediction.model, with_figures=True)
    yield from (Outcomes(counts).headline, Outcomes(counts).verdict, Graded(counts, has_ids=True).note)


def of_log_result(share, rows=1_000_000):
    named = max(1, round(share * rows))
    result = {
        "rows": rows, "as_of": "2024-09-15T00:00:00", "one_purchase": rows, "churners": rows,
        "one_purchase_named": rows, "one_purchase_expected": share * rows, "overlap": None,
        "lapsed": {"customers": rows, "window_days": 90},
    }  # fmt: skip
    definition = {"horizon_days": 60, "gap_days": 0}
    found = {"judged_apart": apart(share, rows), "past_forecasts": past(share, rows)}
    version = version_with(figures(share, rows) | found)
    result["expected_churners"] = share * rows
    log = LogResult(Prediction(result=result, input_data={"definition": definition}, model=version))
    yield from (log.who, log.lapsed_headline, log.weak, log.first_buyers, log.level)
    for is_over in (True, False):
        outcome = {
            "is_over": is_over, "ends": "2024-11-14T00:00:00", "days_passed": 30, "horizon_days": 60,
            "named": rows, "named_without_purchase": round(share * rows), "promised": share * rows,
            "scored": rows, "scored_without_purchase": round(share * rows), "expected": share * rows,
        }  # fmt: skip
        kinds = dict.fromkeys(("new", "still named", "bought since", "less likely now", "lapsed"), named)
        changes = Changes(
            {"kinds": kinds, "first_seen": 0, "since": "2024-09-15T00:00:00", "outcome": outcome}
        )
        yield from (changes.headline, changes.came_true)
        log.counts["changes"] = changes.found
        yield from (log.level, FinishedList(outcome).of_those_named)


def of_challenger(share, rows=1_000_000):
    base = Population(**TELECOM)
    challenger, used = version_with(figures(share)), version_with(figures(share))
    challenger.pk, used.pk = 1, 2
    run = ShadowRun(
        customers=rows, newly_leaving=round(share * rows), newly_staying=0, compared_with=used,
        mean_difference=share, distribution={"used": [rows] * 20, "challenger": [rows] * 20},
    )  # fmt: skip
    deployment = ModelDeployment(model=challenger, population=base)
    found = Disagreement(challenger=deployment, compared_with=used, runs=[run])
    yield from (found.in_words, found.shape, found.leaving_in_words)


def of_log(share, rows=1_000_000):
    accepted = round(share * rows)
    report = {"rows_in": rows, "accepted": accepted, "customers": max(1, accepted), "returns": accepted}
    reading = Reading(AnalysisSession(import_report=report))
    yield reading.headline
    report |= {"accepted": rows, "customers": rows, "returns": round(share * rows)}
    yield from reading.compared.values()
    matrix = FeatureMatrix(
        analysis=AnalysisSession(population=Population(**TELECOM)),
        as_of=datetime(2024, 9, 15, tzinfo=UTC),
        report={"labels": {"churn_rate": share}, "features": ["recency_days"], "rows": rows, "leaks": []},
    )
    findings = MatrixFindings(matrix)
    yield from (findings.headline, findings.label_headline, findings.telling_headline)
    yield _says("left", "yes", accepted, rows)
    yield from map(_said_of_faults, (0, 1, 2))


def of_leaks(share, rows=1_000_000):
    for verdict, what in (("blocks", "filled"), ("warns", "blank"), ("fine", "cancelled")):
        alone = [{"column": "left_on", "auc": share, "verdict": verdict}]
        marks = [{"column": "left_on", "what": what, "customers": rows, "churned": round(share * rows)}]
        yield from (leak.sentence for leak in describe_leaks(alone, (), {"left_on": "Is it known before?"}))
        for relation in ("is", "other", "from", "up_to"):
            for of_leavers in (True, False):
                mark = marks[0] | {"relation": relation, "of_leavers": of_leavers}
                yield from (leak.sentence for leak in describe_leaks(alone, [mark], {}))


def of_profile(share, rows=1_000_000):
    row = {
        "days": 60, "fits": True, "churn_rate": share, "churned": round(share * rows), "scorable": rows,
        "lapsed": 0,
    }  # fmt: skip
    yield churn_rates({"churn": {"impact": [row], "suggestion": {"days": 60}}}).title


PRESENTERS = (
    of_version,
    of_comparison,
    of_log_training,
    of_history,
    of_result,
    of_log_result,
    of_challenger,
    of_log,
    of_leaks,
    of_profile,
)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_presenter_writes_shares_by_the_one_rule(module):
    assert OWN_WAY.findall(module.read_text()) == []


@pytest.mark.parametrize("sentences", PRESENTERS)
@pytest.mark.parametrize("share", NEARLY)
def test_nothing_is_called_all_or_nothing_that_is_neither(sentences, share):
    told = [sentence for sentence in sentences(share) if ALL_OR_NOTHING.search(sentence)]

    assert told == []


@pytest.mark.parametrize("sentences", PRESENTERS)
@pytest.mark.parametrize("share", (*NEARLY, *EXACT))
@pytest.mark.parametrize("rows", (1, 1_000_000))
def test_no_sentence_shows_a_missing_number_or_many_of_one(sentences, share, rows):
    told = list(sentences(share, rows))

    assert told
    assert [each for each in told if NO_NUMBER.search(each)] == []
    assert [each for each in told if rows == 1 and MORE_THAN_ONE.search(each)] == []


def test_exactly_all_and_nobody_are_called_so():
    assert "100 of 100" in next(of_version(1.0))
    assert next(of_version(0.0)).endswith("It found none of those who left.")
    assert next(of_log(0.997)) == "99.7\u202f% of the rows could be used"
    assert next(of_log(0.0)) == "No row could be used"


def test_equal_figures_are_not_called_higher():
    told = " ".join(of_log_training(0.7))

    assert "the same as later" in told and "higher than later" not in told


def test_a_model_above_the_rule_is_not_told_to_be_no_use():
    told = " ".join(of_log_training(0.75))

    assert "The model ranks them better than that." in told and "no use" not in told
