"""The chance of one customer to leave, from the purchases that a program sends along."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Required, TypedDict

from django.conf import settings

from companies.models import Company
from core.errors import DomainError, NotFound, Unprocessable
from ml.serving.risk import POLICIES
from predictions.selectors import trained_for_purchases, version_for_purchases
from registry.models import ModelVersion, Population
from registry.selectors import purchases_base
from registry.services.model_types import read_model_type
from registry.services.opening import load_scorer

FULL, ONE_PURCHASE, LAPSED = "full", "one_purchase", "lapsed"
PURCHASE, RETURN = "purchase", "return"


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
        Every purchase and every return has one.
    """

    event_at: Required[datetime]
    event_type: Required[str]
    amount: float
    order_id: str
    product: str
    category: str
    quantity: float
    discount: float


@dataclass(frozen=True)
class HistoryScore:
    """What was found for one customer.

    Parameters
    ----------
    probability
        Calibrated, unrounded.
    as_of
        By the clock of the purchases, which knows no time zone.
    evidence
        ``"full"``; ``"one_purchase"``: too little is known, the rate of such customers stands in;
        ``"lapsed"``: silent for so long that the customer has left already.
    version
        Which scored.
    """

    probability: float
    segment: str
    as_of: datetime
    evidence: str
    version: ModelVersion


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
        Nothing at or after it is looked at. By default the end of the day of the latest event, or of today
        where `V2_AS_OF` says so.
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
        There is no purchase to score by.
    FeaturesMissing
        The model needs features that these transactions cannot give; ``extra["missing"]`` names them.
    """
    version = _find_version(company, population or purchases_base(company), model_type)
    cutoff = as_of or _usual_cutoff(events, at)
    known = [_as_a_log_has_it(event) for event in events if event["event_at"] < cutoff]
    purchases = [event for event in known if event["event_type"] == PURCHASE]
    if not purchases:
        raise HistoryRefused(
            {"transactions": f"None is a purchase before {cutoff:%Y-%m-%d %H:%M}, which is as_of."}
        )
    scorer = load_scorer(version, at=at)
    return _score(scorer, version, known, purchases, cutoff)


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


def _score(scorer, version, known, purchases, cutoff):
    # Imported here: they bring DuckDB and pandas, which no other page of the server needs.
    from ml.logs.evidence import active_since, bought_once, rates_of_first_buyers
    from ml.logs.feature_columns import fill_nulls
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
            f"{version} needs features that cannot be computed: {', '.join(missing)}.",
            extra={"missing": missing},
        )
    if bought_once(purchases, columns=how["columns"]):
        first = min(event["event_at"] for event in purchases)
        probability = float(rates_of_first_buyers(how["first_buyers"], first, cutoff))
        evidence = ONE_PURCHASE
    else:
        record = fill_nulls(features, scorer.schema, how["fills"], scorer.observed)
        probability, evidence = scorer.score_record(record), FULL
    if max(event["event_at"] for event in purchases) < active_since(cutoff, how["active_window_days"]):
        evidence = LAPSED
    tiers = POLICIES[version.population.policies["risk_tiers"]]
    return HistoryScore(probability, tiers.tier(probability), cutoff, evidence, version)


def _as_a_log_has_it(event):
    """Money that goes back is no purchase."""
    is_return = event["event_type"] == PURCHASE and event["amount"] < 0
    return event | {"event_type": RETURN} if is_return else event


def _usual_cutoff(events, at):
    latest = max(event["event_at"] for event in events)
    day = at.astimezone(UTC).date() if settings.V2_AS_OF == "now" else latest.date()
    return _after(day)


def _after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min)
