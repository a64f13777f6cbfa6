"""The card of a version, filled from what was stored when it was made."""

import copy

import pytest
from django.urls import reverse

from ml.evaluation.leaks import BLOCKS
from ml.evaluation.proportions import share_interval
from ml.learning.training import train_model
from ml.matrix.telco import TELCO_SLICES, TELCO_V1
from ml.samples.dataset_a import make_dataset_a
from registry.models import Population
from registry.presenting.cards import (
    KNOWS,
    calibration_of,
    calibration_source,
    interval_of,
    limits_of,
    parts_of,
    purpose_of,
    threshold_reason,
    with_intervals,
)
from registry.presenting.charts import readable_parameters
from registry.presenting.quality import Figure
from registry.selectors import lineage_of
from registry.telecom import TELECOM
from registry.tests.factories import CURVES, DatasetFactory, ModelMetricsFactory, ModelVersionFactory

TELECOM_BASE = Population(**TELECOM)


@pytest.fixture(scope="module")
def found():
    """What the program stores of a version, made from a version."""
    table = make_dataset_a(rows=2_000, seed=5)
    metrics = train_model(
        table, schema=TELCO_V1, model_type="logistic_regression", slices=TELCO_SLICES
    ).metrics
    return {**metrics, "importance": CURVES["importance"]}


def test_a_figure_stands_with_its_interval(found):
    told = with_intervals(
        [Figure("Recall (churners)", found["churners"]["recall"]), Figure("Odd", 0.5)], found
    )

    assert told[0]["interval"]["low"] < told[0]["value"] < told[0]["interval"]["high"]
    assert told[1]["interval"] is None


def test_every_figure_of_the_evaluation_has_one(found):
    for name in ("Accuracy", "AUC", "F1 (weighted)", "Precision (churners)", "Brier score"):
        assert interval_of(found, name)["low"] <= interval_of(found, name)["high"]


def test_customers_are_looked_at_by_contract_age_and_tenure(found):
    parts = parts_of(found, TELECOM_BASE)

    assert {part.feature for part in parts} == {"Contract", "Senior citizen", "Tenure"}
    assert sum(part.customers for part in parts if part.feature == "Contract") == found["rows"]
    assert {part.label for part in parts if part.feature == "Senior citizen"} == {"yes", "no"}


def test_the_threshold_is_explained_with_what_it_does(found):
    told = threshold_reason(found)

    assert "From a probability of 0.50 on" in told
    assert f"{100 * found['churners']['recall']:.0f}\u202f% of all who left" in told


def test_says_where_it_finds_fewer_leavers(found):
    weak = copy.deepcopy(found)
    part = next(part for part in weak["slices"] if not part["small"])
    part["metrics"]["churners"]["recall"] = {"value": 0.11, "low": 0.08, "high": 0.15}

    limits = {limit.title: limit.text for limit in limits_of(weak, None, TELECOM_BASE)}

    assert "(11\u202f%)" in limits["It finds fewer leavers in some groups"]


def test_of_eight_groups_one_that_luck_may_have_put_behind_is_not_called_weak():
    # By its own interval the first one would be: it ends below the share of all.
    assert share_interval(48, 100)[1] < 468 / 800

    luck, behind = (_found_in_groups(hits) for hits in ((48, *[60] * 7), (35, *[60] * 7)))

    assert "It finds fewer leavers in some groups" not in luck
    assert "Tenure: group 0 (35\u202f%)" in behind["It finds fewer leavers in some groups"]


def _found_in_groups(hits):
    """Return what a card says where of 100 leavers in each group so many were found."""
    parts = [
        {
            "feature": "tenure", "label": f"group {at}", "customers": 400, "churned": 100, "churn_rate": 0.25,
            "mean_probability": 0.25, "small": False,
            "metrics": {"churners": {"precision": {}, "recall": {"value": found / 100}, "f1": {}}},
        }
        for at, found in enumerate(hits)
    ]  # fmt: skip
    missed = 100 * len(hits) - sum(hits)
    confusion = CURVES["confusion"] | {"true_positive": sum(hits), "false_negative": missed}
    churners = CURVES["churners"] | {"recall": sum(hits) / 100 / len(hits)}
    figures = CURVES | {"slices": parts, "confusion": confusion, "churners": churners}
    return {limit.title: limit.text for limit in limits_of(figures, None, TELECOM_BASE)}


def test_says_first_which_columns_know_the_answer(found):
    leaks = [{"column": "tenure", "auc": 0.98}, {"column": "Contract", "auc": 0.991}]
    kept_one, kept_both = (
        Population(**TELECOM | {"definition": {"kept_leaks": kept}}) for kept in (leaks[:1], leaks)
    )

    assert limits_of(found, None, kept_one)[0].text.startswith("Tenure (AUC 0.980) alone tells nearly all")
    assert "Contract (AUC 0.991) each tell alone" in limits_of(found, None, kept_both)[0].text
    assert "answer" not in limits_of(found, None, TELECOM_BASE)[0].title


def test_says_which_columns_only_leavers_have_something_in(found):
    kept = [{"column": "refund", "auc": 0.72, "sentence": "“refund” says something else than “0”."}]
    limits = limits_of(found, None, Population(**TELECOM | {"definition": {"kept_leaks": kept}}))

    assert limits[0].title == "It may have learned from what was written down afterwards"
    assert limits[0].text == kept[0]["sentence"]


def test_a_column_that_marks_a_few_is_not_said_to_tell_nearly_all(found):
    kept = [{"column": "tenure", "auc": 0.61}]
    limits = limits_of(found, None, Population(**TELECOM | {"definition": {"kept_leaks": kept}}))

    assert KNOWS == BLOCKS
    assert limits[0].title == "It may have learned from what was written down afterwards"
    assert limits[0].text.startswith("Something in Tenure is only of those who left, or only of those who")


def test_says_which_groups_are_too_small_to_judge(found):
    small = copy.deepcopy(found)
    for part in small["slices"]:
        part["small"] = part["label"] == "Two year"

    limits = {limit.title: limit.text for limit in limits_of(small, None, TELECOM_BASE)}

    assert limits["Too few customers to judge some groups"].startswith("Contract: Two year.")


def test_a_version_from_before_intervals_says_that_they_are_missing():
    limits = limits_of(CURVES, None, TELECOM_BASE)

    assert "was not computed for this version" in limits[0].text
    assert parts_of(CURVES, TELECOM_BASE) == []


def test_an_interval_is_called_what_it_is(found):
    text = next(
        limit.text
        for limit in limits_of(found, None, TELECOM_BASE)
        if limit.title == "Its figures are estimates"
    )

    assert "confidence interval" in text and "The share among other customers varies by more" in text
    # That would be an interval for the next trial, which is wider.
    assert "would lie between" not in text


def test_nobody_named_is_said_without_a_share_of_nobody(found):
    confusion = found["confusion"] | {"true_positive": 0, "false_positive": 0}

    told = threshold_reason(found | {"confusion": confusion})

    assert f"Of {found['rows']:,} customers tried it named nobody." in told


def test_probabilities_that_hold_are_not_called_off():
    # With true promises 1,287 customers in ten bins are three points off on average.
    rates = [0.02, 0.1, 0.09, 0.2, 0.18, 0.31, 0.33, 0.45, 0.52, 0.74]
    promised = [0.01, 0.05, 0.12, 0.16, 0.22, 0.28, 0.37, 0.42, 0.56, 0.71]
    told = limits_of(CURVES | {"calibration": calibration(promised, rates)}, None, TELECOM_BASE)

    assert not [limit for limit in told if "probabilities" in limit.title]


@pytest.mark.parametrize(
    ("promised", "happened", "title", "said"),
    [
        ([0.2, 0.6], [0.1, 0.5], "Its probabilities are too high", "10.0 points too much"),
        ([0.2, 0.6], [0.3, 0.7], "Its probabilities are too low", "10.0 points too little"),
        ([0.05, 0.95], [0.2, 0.8], "Its probabilities are too sure", "80.0\u202f% left, and of those whom"),
        ([0.3, 0.7], [0.1, 0.9], "Its probabilities are too cautious", "30.0\u202f%) 10.0\u202f% did"),
    ],
)
def test_probabilities_that_fail_are_said_with_direction_and_size(promised, happened, title, said):
    limits = limits_of(CURVES | {"calibration": calibration(promised, happened)}, None, TELECOM_BASE)

    assert said in {limit.title: limit.text for limit in limits}[title]


def calibration(promised, happened):
    bins = [
        {"rows": 1_290 // len(promised), "mean_probability": chance, "churn_rate": rate}
        for chance, rate in zip(promised, happened, strict=True)
    ]
    apart = [abs(one["mean_probability"] - one["churn_rate"]) for one in bins]
    return {
        "bins": bins,
        "ece": sum(apart) / len(bins),
        "mean_probability": sum(promised) / len(bins),
        "churn_rate": sum(happened) / len(bins),
    }


@pytest.mark.django_db
def test_the_page_shows_the_card(found, company, as_developer):
    version = ModelMetricsFactory(model=ModelVersionFactory(company=company), additional_metrics=found).model

    page = " ".join(
        as_developer.get(reverse("registry:version", args=["dev", version.pk])).content.decode().split()
    )

    for heading in ("What it is for", "What to know before relying on it", "For which customers it works"):
        assert heading in page
    assert "95 % interval" in page


# --- What a card says of versions that came another way ---------------------------------------------------


@pytest.mark.django_db
def test_each_table_is_told_once_and_no_other_companys(company, other_company):
    original = DatasetFactory(name="DatasetA", is_original=True)
    own = DatasetFactory(company=company, is_original=True, parent_dataset=original, sha256=original.sha256)
    upload = DatasetFactory(company=company, is_uploaded=True)
    combined = DatasetFactory(company=company, is_combined=True, parent_dataset=own, added_dataset=upload)

    assert lineage_of(combined, company) == [combined, upload, own]
    assert lineage_of(combined, other_company) == [original]
    assert lineage_of(None, company) == []


@pytest.mark.parametrize(
    ("imported", "sentence"),
    [({"tried_on": 400}, "come from 400 customers"), ({}, "were not computed here")],
)
def test_the_limits_of_an_imported_version_say_where_its_figures_come_from(found, imported, sentence):
    told = " ".join(
        limit.text for limit in limits_of(found, {"observed": {}, "imported": imported}, TELECOM_BASE)
    )

    assert sentence in told
    assert "It learned from customers with" not in told


def test_the_limits_of_dates_are_days_before_the_reference_day_under_their_names(found):
    base = Population(
        reading={
            "columns": [
                {"name": name, "role": "feature", "kind": kind}
                for name, kind in (("eintritt", "date"), ("ende", "date"), ("besuche", "number"))
            ]
        },
        wording={"eintritt": {"label": "Eintritt"}},
    )
    seen = {"besuche": (0.0, 12.5), "eintritt": (2.0, 2445.0), "ende": (-30.0, 5.0)}

    (told,) = (
        limit.text for limit in limits_of(found, {"observed": seen}, base) if "learned from" in limit.text
    )

    assert "besuche from 0 to 12.5, Eintritt 2 to 2,445 days before the reference day" in told
    assert "ende from 30 days after to 5 days before the reference day" in told


def test_the_way_from_scores_to_probabilities_is_told():
    calibrator = {"method": "sigmoid", "comparison": {"none": 0.14, "sigmoid": 0.135}}

    assert calibration_of({"calibrator": calibrator}) == (
        "sigmoid: slope and shift of the log odds. Brier score by way: none 0.1400, sigmoid 0.1350"
    )
    assert calibration_of(None) == ""


def test_the_purpose_tells_what_a_version_reads():
    telco = {"schema": TELCO_V1.to_dict()}
    log = {"schema": telco["schema"] | {"name": "rfm_v2"}}

    assert "from 16 facts about it" in purpose_of(name="v2", manifest=telco, population=TELECOM_BASE)
    assert "facts about what it bought" in purpose_of(
        name="v2", manifest=log, population=Population(kind=Population.Kind.LOG)
    )


def test_what_is_not_calibrated_is_not_called_so(found):
    imported = {"imported": {}, "calibrator": {"method": "none"}}

    assert "calibrated" in threshold_reason(found)
    assert "as far as its probabilities hold" in threshold_reason(found, imported)


def test_says_whom_the_calibration_was_learned_from():
    linear = {
        "train_rows": 16_000,
        "folds": 0,
        "calibrated_on": "training_predictions",
        "expected_shrinkage": 0.004,
    }

    assert "16,000 customers that the model was trained on" in calibration_source({"split": linear})
    assert "0.40\u202f% too large" in calibration_source({"split": linear})
    assert calibration_source({"split": {"train_rows": 5148, "folds": 5}}) == (
        "Learned from 5,148 customers, each scored by one of 5 models that did not learn from it."
    )
    assert calibration_source({"imported": {}}) == calibration_source(None) == ""


def test_parameters_are_named_by_what_they_do():
    boosted = {"n_estimators": 200, "colsample_bytree": 0.8}

    assert readable_parameters("xgboost", boosted) == [("Trees", "200"), ("Share of columns per tree", "0.8")]
    assert readable_parameters("neural_network", {"hidden_layer_sizes": [100, 50]}) == [
        ("Neurons in each hidden layer", "100, 50")
    ]
    # A version of another program may have others, of a type that is not known here.
    assert readable_parameters("crystal_ball", {"glass_width": 3}) == [("glass width", "3")]
