"""The chance of one customer to leave, from the purchases that a program sends along."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Required, TypedDict

from companies.models import Company
from core.errors import DomainError, NotFound, Unprocessable
from ml.serving.risk import POLICIES
from predictions.presenting.histories import FULL, LAPSED, ONE_PURCHASE, HistoryScore
from predictions.selectors import trained_for_purchases, version_for_purchases
from predictions.services.moments import choose_moment
from registry.models import Population
from registry.selectors import purchases_base
from registry.services.model_types import read_model_type
from registry.services.opening import load_scorer
from transactions.selectors import latest_log_of

PURCHASE, RETURN = "purchase", "return"
NO_AMOUNT = "A purchase needs an amount."
MOST_FAULTS = 20


class NoTrainedModel(NotFound):
    code = "no-trained-model"


class HistoryRefused(DomainError):
    """Says what is wrong at which place, such as ``transactions[1].event_date``; the message is the first."""

    code = "invalid"

    def __init__(self, faults: Mapping[str, str]):
        place, reason = next(iter(faults.items()))
        super().__init__(f"{place}: {reason}", field=place, extra={"fields": dict(faults)})


class FeaturesMissing(Unprocessable):
    code = "features-missing"


class Event(TypedDict, total=False):
    """Something that a customer did, by the names that the feature engine knows; what is not known is absent.

    Parameters
    ----------
    event_at
        By the clock of the log, which knows no time zone.
    event_type
        In small letters.
    amount
        Every purchase and every return has one, unless the model learned from a log without amounts.
    """

    event_at: Required[datetime]
    event_type: Required[str]
    amount: float
    order_id: str
    product: str
    category: str
    quantity: float
    discount: float


def score_history(
    *,
    company: Company,
    population: Population | None = None,
    events: Sequence[Event],
    as_of: datetime | None = None,
    model_type: str | None = None,
    at: datetime,
) -> HistoryScore:
    """Score one customer with a model of a purchase log.

    Parameters
    ----------
    population
        Whose purchases; by default the base that the company's logs are of.
    events
        At least one, in any order.
    as_of
        Nothing at or after it is looked at. By default what `predictions.services.moments` finds.
    model_type
        Slug of any type. The latest deployed version of that type scores; by default the champion of the
        base.
    at
        Aware UTC instant of the request.

    Raises
    ------
    registry.services.model_types.UnknownModelType
        There is no such type.
    NoTrainedModel
        The company has none yet, none of that type, or none that is deployed.
    HistoryRefused
        There is no purchase to score by, or one without the amount that the model knows of all others.
    FeaturesMissing
        The model needs features that these transactions cannot give; ``extra["missing"]`` names them.
    """
    base = population or purchases_base(company)
    version = _find_version(company, base, model_type)
    scorer = load_scorer(version, at=at)
    how = scorer.purchase_features
    if "amount" in how["columns"]:
        _refuse_holes(events)
    window = how["active_window_days"]
    moment = choose_moment(
        as_of=as_of,
        bought_at=[event["event_at"] for event in events],
        log=None if as_of else latest_log_of(company, base),
        window_days=window,
        at=at,
    )
    cutoff = moment.as_of
    known = [_as_a_log_has_it(event) for event in events if event["event_at"] < cutoff]
    purchases = [event for event in known if event["event_type"] == PURCHASE]
    if not purchases:
        raise HistoryRefused(
            {
                "transactions": f"None is a purchase before {cutoff:%Y-%m-%d %H:%M}, which is as_of. "
                "Send earlier ones, or a later as_of."
            }
        )
    features = _compute_features(scorer, version, known, cutoff)
    probability, evidence = _score(scorer, features, purchases, cutoff)
    tiers = POLICIES[version.population.policies["risk_tiers"]]
    return HistoryScore(
        probability=probability,
        segment=None if probability is None else tiers.tier(probability),
        moment=moment,
        evidence=evidence,
        window_days=window,
        # Versions of earlier days do not say.
        horizon_days=how.get("horizon_days"),
        silent_days=(cutoff - max(event["event_at"] for event in purchases)).days,
        version=version,
    )


def _find_version(company, base, model_type):
    wanted = None if model_type is None else read_model_type(model_type)
    version = version_for_purchases(company, base, model_type=wanted)
    if version is None:
        of_type, query = (f" of the type {wanted}", f"?model_type={wanted}") if wanted else ("", "")
        if trained_for_purchases(company, base, model_type=wanted).exists():
            raise NoTrainedModel(
                f"No model of your purchases{of_type} is deployed. Deploy one on the Models page first."
            )
        raise NoTrainedModel(
            f"There is no trained model{of_type} yet. Train one first: "
            f"POST /api/v1/churn/v2/organizations/{company.pk}/train{query}"
        )
    return version


def _compute_features(scorer, version, known, cutoff):
    # Imported here: it brings DuckDB and pandas, which no other page of the server needs.
    from ml.logs.features.single import compute_one

    how = scorer.purchase_features
    try:
        features = compute_one(
            known,
            as_of=cutoff,
            feature_set=how["feature_set"],
            columns=how["columns"],
            has_time=how["has_time"],
            cuts=how["cuts"],
        )
    except ValueError as error:
        raise HistoryRefused({"transactions": str(error)}) from error
    missing = [name for name in scorer.schema.features if name not in features]
    if missing:
        raise FeaturesMissing(
            f"{version} needs features that cannot be computed: {', '.join(missing)}. "
            "Train a model again on features of today, and deploy it.",
            extra={"missing": missing},
        )
    return features


def _score(scorer, features, purchases, cutoff):
    """Return the probability and the evidence: no model is asked about who bought once, or has lapsed."""
    # Imported here for the same reason.
    from ml.logs.evidence import active_since, bought_once
    from ml.logs.feature_columns import fill_nulls
    from ml.logs.rates import rates_since

    how, bought_at = scorer.purchase_features, [event["event_at"] for event in purchases]
    if max(bought_at) < active_since(cutoff, how["active_window_days"]):
        # Versions of earlier days do not know.
        lapsed = how.get("lapsed")
        return lapsed and float(rates_since(lapsed, max(bought_at), cutoff)), LAPSED
    if bought_once(purchases, columns=how["columns"]):
        return float(rates_since(how["first_buyers"], min(bought_at), cutoff)), ONE_PURCHASE
    return scorer.score_record(fill_nulls(features, scorer.schema, how["fills"], scorer.observed)), FULL


def _refuse_holes(events):
    holes = [
        place
        for place, event in enumerate(events)
        if event["event_type"] in (PURCHASE, RETURN) and "amount" not in event
    ]
    if holes:
        raise HistoryRefused({f"transactions[{place}].amount": NO_AMOUNT for place in holes[:MOST_FAULTS]})


def _as_a_log_has_it(event):
    """Money that goes back is no purchase."""
    is_return = event["event_type"] == PURCHASE and event.get("amount", 0) < 0
    return event | {"event_type": RETURN} if is_return else event
