"""What a training on a purchase log came to, in lines for whoever looks it up."""

from core.figures import counted, percent
from ml.logs.features.wording import say_feature
from ml.logs.visits import say_visits
from registry.presenting.judged import how_rates_held
from training.models import TrainingRun
from training.presenting.simple_rule import describe_order, describe_standing, is_above_rule
from transactions.presenting.days import write_day

# Of the columns that were kept, so many are named with what they tell by themselves.
MOST_COLUMNS = 10
_IS_ABOVE = "The model ranks them better than that."


def describe_report(training: TrainingRun) -> list[tuple[str, list[str]]]:
    """Return the report of `training` as headings with sentences, but for its warnings.

    Reports of earlier days say less.
    """
    report = training.report or {}
    found = [
        ("Deployment", _describe_deployment(report.get("deployment"))),
        ("How it was judged", _describe_split(report)),
        ("From how many days it learned", _describe_cutoffs(report)),
        ("How far off past forecasts were", _describe_past(report)),
        ("Beside the champion", _describe_beside(report.get("beside_champion"))),
        ("Best single column", _describe_rule(training)),
        ("By a random split", _describe_optimistic(report.get("optimistic"), training.version)),
        ("Churn definition", _describe_definition(report.get("definition"))),
        ("Who bought once only, judged apart", _describe_once(report)),
        ("Who had lapsed", _describe_lapsed(report)),
        ("What each column tells alone (2 AUC - 1)", _describe_columns(report.get("selection"))),
        ("Columns left out", [*report.get("left_out", {}).values(), *_describe_difference(report)]),
        ("Columns the log cannot give", [f"{name}: {why}" for name, why in report.get("absent", {}).items()]),
    ]
    said = [(heading, sentences) for heading, sentences in found if sentences]
    if not report.get("of_visits"):
        return said
    return [(say_visits(heading), [say_visits(each) for each in sentences]) for heading, sentences in said]


def _describe_deployment(found):
    return [found["reason"]] if found else []


def _describe_beside(found):
    return [found["sentence"]] if found else []


def _describe_split(report):
    if report.get("split") == "stratified":
        return ["It learned from four fifths of the labelled customers and was judged on the rest."]
    if "tested_at_cutoff" not in report:
        return []
    return [
        f"Learned from the customers of {write_day(report['trained_at_cutoff'])}"
        f"{other_days(report, 'tested_from')}, judged on those of {write_day(report['tested_at_cutoff'])}. "
        f"The version that serves learned from the customers of {write_day(report['registered_at_cutoff'])}"
        f"{other_days(report, 'serves_from')}."
    ]


def other_days(report: dict, which: str) -> str:
    """Return how many earlier days were learned from as well, after the name of the latest; often none."""
    more = report.get("cutoffs", {}).get(which, 1) - 1
    return f" and of {counted(more, 'earlier day')}" if more else ""


def _describe_cutoffs(report: dict) -> list[str]:
    """Tell from the customers of how many days a version learned, and what that was decided by."""
    found = report.get("cutoffs")
    if not found:
        return []
    tried = {one["cutoffs"]: one["brier"] for one in found["tried"]}
    if len(tried) < 2:
        return ["From the latest day alone: the log is too short to try several."]
    most = max(tried)
    figures = (
        f"tried on an earlier day, the Brier score was {tried[most]:.4f} with {most} days and {tried[1]:.4f} "
        "with one; less is better"
    )
    if found["serves_from"] == 1:
        return [f"From the latest day alone: {figures}."]
    return [
        f"From {found['serves_from']} days, one period apart: {figures}. Who was there on several counts "
        "once, and was never scored by a fit that knew it from another day."
    ]


def _describe_past(report):
    """Tell of each past cutoff how many were expected to leave, and how many left."""
    return [
        f"{write_day(one['as_of'])}: of {counted(one['customers'], 'customer')} {percent(one['promised'])} "
        f"were expected to leave, and {percent(one['happened'])} left."
        for one in report.get("past_forecasts", [])
    ]


def _describe_rule(training):
    """Tell what one column alone would do, and how the model stands to it."""
    rule = (training.report or {}).get("simple_rule")
    if not rule:
        return []
    standing = _IS_ABOVE if is_above_rule(training) else training.version and describe_standing(training)
    return [
        f"{say_feature(rule['feature'])}: {describe_order(rule)} is at risk. AUC {rule['auc']:.4f}, F1 "
        f"(churners) {rule['f1']:.4f}. {standing or ''}".strip()
    ]


def _describe_optimistic(found, version):
    """Tell how well the recipe does on customers of one day, and whether that looks better than it is."""
    if not found:
        return []
    figures = f"AUC {found['auc']:.4f}, F1 (churners) {found['f1']:.4f}"
    later = version and version.metrics.additional_metrics["churners"]["auc"]
    if later is None:
        return [f"{figures}."]
    return [
        f"{figures}, {_beside_later(found['auc'], later)}: AUC {later:.4f} on customers of a later day, as "
        "they will be scored. The figures of the later day count."
    ]


def _beside_later(auc, later):
    # What would be written alike is not said to differ.
    if f"{auc:.4f}" == f"{later:.4f}":
        return "the same as later"
    return "higher than later" if auc > later else "lower than later"


def _describe_definition(found):
    if not found:
        return []
    gap = f", beginning {found['gap_days']} days after the cutoff" if found["gap_days"] else ""
    return [
        f"A customer is lost after {found['horizon_days']} days without a purchase{gap}. Only those who "
        f"bought in the {found['active_window_days']} days before can be. {found['reason']}"
    ]


def _describe_once(report):
    """Tell what stands in for a model of those of whom one purchase is known, and how it did."""
    if "one_purchase" not in report:
        return []
    judged = report.get("judged_apart", {}).get("first_buyers")
    return [
        f"{counted(report['one_purchase'], 'customer')} bought once only. The model did not learn from them; "
        "how often such customers left before, by the days since, stands in for it.",
        *_describe_judged(judged),
    ]


def _describe_lapsed(report):
    if "lapsed" not in report:
        return []
    judged = report.get("judged_apart", {}).get("lapsed")
    return [
        f"{counted(report['lapsed'], 'customer')} had lapsed at the latest cutoff. They are listed and not "
        "scored; a program that asks about one is told how many of such customers stayed away.",
        *_describe_judged(judged),
    ]


def _describe_judged(judged):
    if not judged or not judged["rows"]:
        return []
    ranked = judged["auc"]
    ranking = (
        f" By itself it ranks them with AUC {ranked['value']:.3f}, 95 % interval {ranked['low']:.3f} to "
        f"{ranked['high']:.3f}; chance has 0.500."
        if ranked
        else ""
    )
    return [f"{how_rates_held(judged)}{ranking}", *_describe_bands(judged["bands"])]


def _describe_bands(bands):
    """Tell the rates by days, where there is more than one."""
    if len(bands) < 2:
        return []
    told = [
        f"{_days_of(band)}: {percent(band['mean_probability'])} promised, "
        f"{percent(band['churned'] / band['rows'])} of {counted(band['rows'], 'customer')} left"
        for band in bands
    ]
    return [f"By days since the purchase: {'; '.join(told)}."]


def _days_of(band):
    if band["until_days"] is None:
        return f"{band['from_days']} or more"
    return f"{band['from_days']} to {band['until_days'] - 1}"


def _describe_columns(selection):
    if not selection:
        return []
    told = selection["importance"]
    rest = f" and {len(told) - MOST_COLUMNS} more" if len(told) > MOST_COLUMNS else ""
    named = [f"{say_feature(one['name'])} {one['value']:.2f}" for one in told[:MOST_COLUMNS]]
    return [f"{', '.join(named)}{rest}."]


def _describe_difference(report):
    """Tell where the model that was judged was shown other columns than the one that serves."""
    if "tested_without" not in report:
        return []
    serving, judged = set(report["left_out"]), set(report["tested_without"])
    more, fewer = sorted(serving - judged), sorted(judged - serving)
    shown = [f"was given {', '.join(map(say_feature, more))}"] * bool(more) + [
        f"was not given {', '.join(map(say_feature, fewer))}"
    ] * bool(fewer)
    return [f"The model that was judged {' and '.join(shown)}."] if shown else []
