"""The chance of one customer to leave, from the purchases that a program sends along."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

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
MOST_EVENTS = 10_000
MOST_FAULTS = 20
LONGEST_TEXT = 255
# Sums are counted in millionths by whole numbers of 64 bits.
LARGEST = 1e12
TEXTS = ("order_id", "product", "category")
NUMBERS = ("quantity", "discount")


class NoTrainedModel(NotFound):
    code = "no-trained-model"


class HistoryRefused(DomainError):
    """`extra["fields"]` names each fault by its place: ``transactions[1].event_date``."""

    code = "invalid"


class FeaturesMissing(Unprocessable):
    code = "features-missing"


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
    transactions: Sequence[Mapping],
    as_of: object = None,
    model_type: object = None,
    at: datetime,
) -> HistoryScore:
    """Score one customer with a model of a purchase log.

    Parameters
    ----------
    population
        Whose purchases; by default the base that the company's logs are of.
    transactions
        As they were sent: ``event_date``, ``amount``, and what else the log had.
    as_of
        Instant or date as text; nothing at or after it is looked at. By default the end of the day of the
        latest transaction, or of today where `V2_AS_OF` says so.
    model_type
        As it was sent: one of `ml.logs.log_models.TYPES`. The latest deployed version of that type scores; by
        default the champion of the base.
    at
        Aware UTC instant of the request.

    Raises
    ------
    registry.services.model_types.UnknownModelType
        Logs are not learned with that type.
    NoTrainedModel
        The company has none yet, none of that type, or none that is deployed.
    HistoryRefused
        Something about the transactions cannot be read, each fault with its place.
    FeaturesMissing
        The model needs features that these transactions cannot give; ``extra["missing"]`` names them.
    """
    version = _find_version(company, population or purchases_base(company), model_type)
    events = read_events(transactions)
    cutoff = _read_cutoff(as_of) if as_of not in (None, "") else _usual_cutoff(events, at)
    known = [event for event in events if event["event_at"] < cutoff]
    purchases = [event for event in known if event["event_type"] == PURCHASE]
    if not purchases:
        raise _refused(
            {"transactions": f"None is a purchase before {cutoff:%Y-%m-%d %H:%M}, which is as_of."}
        )
    scorer = load_scorer(version)
    return _score(scorer, version, known, purchases, cutoff)


def _find_version(company, base, model_type):
    wanted = None if model_type in (None, "") else read_model_type(model_type)
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
        raise _refused({"transactions": str(error)}) from error
    missing = [name for name in scorer.schema.features if name not in features]
    if missing:
        raise FeaturesMissing(
            f"{version} needs features that cannot be computed: {', '.join(missing)}.",
            extra={"missing": missing},
        )
    if len(_orders(purchases)) < 2:
        probability, evidence = _rate_of_first_buyers(how["first_buyers"], purchases, cutoff), ONE_PURCHASE
    else:
        record = fill_nulls(features, scorer.schema, how["fills"], scorer.observed)
        probability, evidence = scorer.score_record(record), FULL
    window = how["active_window_days"]
    if window and max(event["event_at"] for event in purchases) < cutoff - timedelta(days=window):
        evidence = LAPSED
    tiers = POLICIES[version.population.policies["risk_tiers"]]
    return HistoryScore(probability, tiers.tier(probability), cutoff, evidence, version)


def _orders(purchases):
    """Rows of one order are one purchase; without an order each row is one."""
    return {event.get("order_id") or number for number, event in enumerate(purchases)}


def _rate_of_first_buyers(table, purchases, cutoff):
    known_for = (cutoff - min(event["event_at"] for event in purchases)).days
    band = sum(known_for >= bound for bound in table["bands"])
    return table["rates"][band]


# --- Reading what was sent -------------------------------------------------------------------------------


def read_events(transactions) -> list[dict]:
    """Return the transactions as events, by the names that the feature engine knows.

    Raises
    ------
    HistoryRefused
        Names up to 20 faults by their place.
    """
    if not isinstance(transactions, list):
        raise _refused({"transactions": "Send a list of transactions."})
    if not transactions or len(transactions) > MOST_EVENTS:
        raise _refused(
            {"transactions": f"Send 1 to {MOST_EVENTS:,} transactions, not {len(transactions):,}."}
        )
    faults, events = {}, []
    for number, sent in enumerate(transactions):
        place = f"transactions[{number}]"
        if not isinstance(sent, dict):
            faults[place] = "A transaction is an object with event_date and amount."
        else:
            events.append(_read_event(sent, place, faults))
        if len(faults) >= MOST_FAULTS:
            break
    if faults:
        raise _refused(faults)
    return events


def _read_event(sent, place, faults):
    event = {}

    def read(name, into, how, **options):
        try:
            event[into] = how(sent.get(name), **options)
        except ValueError as error:
            faults[f"{place}.{name}"] = str(error)

    read("event_type", "event_type", _read_type)
    read("event_date", "event_at", _read_moment)
    money_counts = event.get("event_type") in (PURCHASE, RETURN)
    read("amount", "amount", _read_number, required=money_counts)
    for name in TEXTS:
        read(name, name, _read_text)
    for name in NUMBERS:
        read(name, name, _read_number)
    if event.get("event_type") == PURCHASE and (event.get("amount") or 0) < 0:
        # As in a log: money that goes back is no purchase.
        event["event_type"] = RETURN
    return {name: value for name, value in event.items() if value is not None}


def _read_type(value):
    return (_read_text(value) or PURCHASE).lower()


def _read_text(value):
    if value is None or value == "":
        return None
    if not isinstance(value, (str, int)) or isinstance(value, bool) or len(str(value)) > LONGEST_TEXT:
        raise ValueError(f"{_shown(value)} is no text of at most {LONGEST_TEXT} characters.")
    return str(value).strip() or None


def _read_number(value, *, required=False):
    if value is None or value == "":
        if required:
            raise ValueError("A purchase needs an amount.")
        return None
    try:
        number = (
            float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
        )
    except (ValueError, OverflowError):
        number = None
    if number is None or not abs(number) < LARGEST:
        raise ValueError(f"{_shown(value)} is no number such as 150.50.")
    return number


def _read_moment(value):
    if value in (None, ""):
        raise ValueError("A transaction needs a date such as 2024-01-15.")
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or not 1900 <= moment.year <= 9000:
        raise ValueError(f"{_shown(value)} is no date such as 2024-01-15 or 2024-01-15T18:30:00.")
    # A log has no time zone; where a program sends one, all of its instants are compared in UTC.
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _read_cutoff(value):
    try:
        return _read_moment(value)
    except ValueError as error:
        raise _refused({"as_of": str(error)}) from error


def _usual_cutoff(events, at):
    latest = max(event["event_at"] for event in events)
    day = at.astimezone(UTC).date() if settings.V2_AS_OF == "now" else latest.date()
    return _after(day)


def _after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min)


def _shown(value):
    text = str(value)
    return f"“{text[:60]}{'…' if len(text) > 60 else ''}”"


def _refused(faults):
    place, reason = next(iter(faults.items()))
    return HistoryRefused(f"{place}: {reason}", field=place, extra={"fields": faults})
