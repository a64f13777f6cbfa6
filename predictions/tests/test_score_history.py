"""One customer, scored from the purchases that a program sends along."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from companies.identity import membership
from ml.exchange.export import export_model
from ml.learning.feature_training import learn_over_time
from ml.logs.feature_columns import FeatureTable
from ml.logs.features.single import compute_one
from ml.serving.risk import SEGMENTS_V2, TIERS_ADVISOR
from predictions.api.sent_history import read_history
from predictions.presenting.histories import SENT, Moment, remarks_on
from predictions.services import histories
from predictions.services.histories import HistoryRefused, NoTrainedModel
from registry.models import ModelType, ModelVersion
from registry.services.deployments import deploy_version, withdraw_version
from registry.services.model_types import UnknownModelType, add_missing_model_types
from registry.services.populations import purchases_of
from registry.services.versions import register_version

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
COLUMNS = ("customer_id", "event_at", "amount", "event_type")


def customer(rng, cutoff):
    """Make purchases of somebody who comes every ten days or so, and of whom some were last seen long ago."""
    silent, count = int(rng.exponential(25)) + 1, int(rng.integers(2, 15))
    days = silent + np.cumsum(rng.integers(4, 18, count))
    return silent, [
        {"event_at": cutoff - timedelta(days=int(day)), "amount": 20.0, "event_type": "purchase"}
        for day in days
    ]


@pytest.fixture(scope="module")
def tables():
    tables, cutoff = [], datetime(2024, 6, 1)
    for seed in (1, 2):
        rng, rows, labels = np.random.default_rng(seed), [], []
        for _ in range(250):
            silent, events = customer(rng, cutoff)
            rows.append(
                compute_one(events, as_of=cutoff, feature_set="rfm_v2", columns=COLUMNS, has_time=False)
            )
            labels.append(int(rng.random() < 1 / (1 + np.exp(2.5 - silent / 12))))
        tables.append(FeatureTable(pd.DataFrame(rows), np.array(labels)))
    return tables


@pytest.fixture(scope="module")
def learned(tables):
    return learn_over_time(*tables, name="rfm_v2", model_type="logistic_regression")


@pytest.fixture
def version(company, learned):
    return register(company, learned, at=NOON)


@pytest.fixture
def forest(company, tables, version):
    """A later version of another type."""
    learned = learn_over_time(
        *tables, name="rfm_v2", model_type="random_forest", params={"n_estimators": 10, "max_depth": 4}
    )
    return register(company, learned, at=NOON + timedelta(hours=1))


def register(company, learned, *, at, columns=COLUMNS, **known):
    add_missing_model_types()
    exported = export_model(learned.trained, learned.schema)
    exported.manifest["purchase_features"] = {
        "feature_set": "rfm_v2",
        "fills": learned.fills,
        "columns": list(columns),
        "has_time": False,
        "cuts": None,
        "first_buyers": {"bands": [30, 90, 180, 365], "rates": [0.2, 0.35, 0.5, 0.7, 0.9], "customers": 40},
        "lapsed": {"bands": [30, 90, 180, 365], "rates": [0.5, 0.6, 0.7, 0.8, 0.9], "customers": 40},
        "active_window_days": 90,
        "horizon_days": 60,
    } | known
    model_type = ModelType.objects.get(slug=learned.trained.model_type)
    version = register_version(
        company=company,
        population=purchases_of(company=company, at=NOON),
        model_type=model_type,
        exported=exported,
        dataset=None,
        at=at,
    )
    deploy_version(version=version, company=company, by=None, reason="It was trained.", at=at)
    return version


def read_events(transactions):
    return read_history({"customer_id": "CUST-001", "transactions": transactions})["transactions"]


def score_history(*, company, transactions, at, **asked):
    """Score what a program sends, as the call does; by default on the day after the latest transaction."""
    asked = {"as_of": day_after(transactions)} | asked
    read = read_history({"customer_id": "CUST-001", "transactions": transactions} | asked)
    return histories.score_history(
        company=company,
        events=read["transactions"],
        as_of=read.get("as_of"),
        model_type=read.get("model_type"),
        at=at,
    )


def day_after(transactions):
    latest = max(datetime.fromisoformat(each["event_date"]) for each in transactions)
    return (latest + timedelta(days=1)).date().isoformat()


def sent(*days, amount=20.0):
    return [{"event_date": day, "amount": amount} for day in days]


def test_scores_by_the_features_of_the_purchases(company, version, learned):
    found = score_history(
        company=company, transactions=sent("2024-05-01", "2024-05-11", "2024-05-21"), at=NOON
    )

    features = compute_one(
        [{"event_at": f"2024-05-{day}", "amount": 20.0} for day in ("01", "11", "21")],
        as_of=datetime(2024, 5, 22), feature_set="rfm_v2", columns=COLUMNS, has_time=False,
    )  # fmt: skip
    expected = learned.trained.predict(pd.DataFrame([features]), learned.schema)[0]
    assert found.probability == pytest.approx(expected, abs=1e-6)
    assert found.moment == Moment(datetime(2024, 5, 22), SENT)
    assert found.evidence == "full"
    assert found.segment == SEGMENTS_V2.tier(found.probability)


def test_silence_raises_the_chance(company, version):
    history = sent("2024-05-01", "2024-05-11", "2024-05-21")
    chances = [
        score_history(company=company, transactions=history, as_of=day, at=NOON).probability
        for day in ("2024-05-22", "2024-06-20", "2024-07-20")
    ]

    assert chances == sorted(chances)
    assert chances[2] > 0.5


def test_nothing_at_or_after_the_cutoff_is_looked_at(company, version):
    before = sent("2024-05-01", "2024-05-11")
    known = score_history(company=company, transactions=before, as_of="2024-05-20", at=NOON)

    more = score_history(
        company=company,
        transactions=[*before, *sent("2024-05-20", "2024-09-01")],
        as_of="2024-05-20",
        at=NOON,
    )

    assert more == known


@pytest.mark.parametrize(("as_of", "rate"), [("2024-05-11", 0.2), ("2024-07-10", 0.35)])
def test_who_bought_once_gets_the_rate_of_such_customers(company, version, as_of, rate):
    found = score_history(company=company, transactions=sent("2024-05-01"), as_of=as_of, at=NOON)

    assert (found.probability, found.evidence) == (rate, "one_purchase")


@pytest.mark.parametrize(
    ("columns", "evidence"), [((*COLUMNS, "order_id"), "one_purchase"), (COLUMNS, "full")]
)
def test_lines_of_one_order_are_one_purchase_where_the_log_had_orders(company, learned, columns, evidence):
    register(company, learned, at=NOON, columns=columns)
    lines = [{"event_date": "2024-05-01", "amount": 5, "order_id": 17} for _ in range(3)]

    assert score_history(company=company, transactions=lines, at=NOON).evidence == evidence


def test_who_is_silent_beyond_the_active_window_has_lapsed(company, version):
    found = score_history(
        company=company, transactions=sent("2024-05-01", "2024-05-11"), as_of="2024-12-01", at=NOON
    )

    # How many of such customers stay away, not what a model says of customers who have just been there.
    assert (found.evidence, found.probability, found.segment) == ("lapsed", 0.8, "Critical")
    assert found.silent_days == 204


def test_who_bought_once_and_long_ago_has_lapsed(company, version):
    found = score_history(company=company, transactions=sent("2024-05-01"), as_of="2024-12-01", at=NOON)

    assert (found.evidence, found.probability) == ("lapsed", 0.8)


def test_a_version_of_earlier_days_gives_the_lapsed_no_probability(company, learned):
    register(company, learned, at=NOON, lapsed=None)

    found = score_history(
        company=company, transactions=sent("2024-05-01", "2024-05-11"), as_of="2024-12-01", at=NOON
    )

    assert (found.evidence, found.probability, found.segment) == ("lapsed", None, None)
    assert "a newly trained model knows it" in remarks_on(found)[0]


def test_values_beyond_what_was_learned_from_count_as_the_nearest(company, version):
    chances = {
        score_history(
            company=company, transactions=sent("2024-05-01", "2024-05-11", amount=amount), at=NOON
        ).probability
        for amount in (1e6, 1e9)
    }

    assert len(chances) == 1


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("event_date", {"event_date": "2024-13-01"}),
        ("event_date", {"event_date": None}),
        ("event_date", {"event_date": 20240101}),
        ("amount", {"amount": "much"}),
        ("amount", {"amount": None}),
        ("amount", {"amount": True}),
        ("amount", {"amount": float("nan")}),
        ("amount", {"amount": 1e300}),
        ("event_type", {"event_type": ["purchase"]}),
        ("quantity", {"quantity": "two"}),
        ("order_id", {"order_id": "4.50E+11"}),
    ],
)
def test_a_fault_is_named_by_its_place(place, change):
    good = {"event_date": "2024-01-15", "amount": 1}

    with pytest.raises(HistoryRefused) as refused:
        read_events([good, good | change])

    assert list(refused.value.extra["fields"]) == [f"transactions[1].{place}"]
    assert str(refused.value).startswith(f"transactions[1].{place}: ")


def test_all_faults_are_named_at_once():
    with pytest.raises(HistoryRefused) as refused:
        read_events(
            [{}, "text", None, {"event_date": "2024-01-15"}, {"event_date": "2024-01-16", "amount": 1}]
        )

    assert list(refused.value.extra["fields"]) == [
        "transactions[0].event_date",
        "transactions[0].amount",
        "transactions[1]",
        "transactions[2]",
        "transactions[3].amount",
    ]


def test_visits_may_be_sent_without_amounts_until_a_model_is_found_that_needs_them():
    events = read_events([{"event_date": "2024-01-15"}, {"event_date": "2024-01-16", "amount": ""}])

    assert [event["event_type"] for event in events] == ["purchase", "purchase"]
    assert not any("amount" in event for event in events)


def test_other_events_than_purchases_need_no_amount_and_instants_are_those_of_utc():
    events = read_events(
        [
            {"event_date": "2024-01-15", "event_type": "Login"},
            {"event_date": "2024-01-15T10:00:00+02:00", "amount": "-5.00"},
        ]
    )

    assert events == [
        {"event_type": "login", "event_at": datetime(2024, 1, 15)},
        {"event_type": "purchase", "event_at": datetime(2024, 1, 15, 8), "amount": -5.0},
    ]


@pytest.mark.parametrize("transactions", [None, [], {}, "x", [{}] * 10_001])
def test_nothing_to_score_is_refused(transactions):
    with pytest.raises(HistoryRefused, match=r"^transactions: Send "):
        read_events(transactions)


@pytest.mark.parametrize("left_out", ["", None])
def test_what_is_empty_counts_as_left_out(left_out):
    optional = ("event_type", "order_id", "product", "category", "quantity", "discount")
    event = {"event_date": "2024-01-15", "amount": "1.5"} | dict.fromkeys(optional, left_out)

    read = read_history(
        {"customer_id": " 7 ", "transactions": [event], "as_of": left_out, "model_type": left_out}
    )

    assert read == {
        "customer_id": " 7 ",
        "transactions": [{"event_at": datetime(2024, 1, 15), "event_type": "purchase", "amount": 1.5}],
        "as_of": None,
        "model_type": None,
    }


def test_of_many_faults_the_first_twenty_are_named():
    with pytest.raises(HistoryRefused) as refused:
        read_events([{"amount": 1}] * 30)

    assert list(refused.value.extra["fields"]) == [f"transactions[{n}].event_date" for n in range(20)]


def test_money_that_goes_back_is_no_purchase(company, version):
    history = [*sent("2024-05-01"), *sent("2024-05-11", amount="-5.00")]

    assert score_history(company=company, transactions=history, at=NOON).evidence == "one_purchase"


def test_no_purchase_before_the_cutoff_is_refused(company, version):
    with pytest.raises(HistoryRefused, match="before 2024-01-01"):
        score_history(company=company, transactions=sent("2024-05-01"), as_of="2024-01-01", at=NOON)


def test_a_version_out_of_service_is_not_used(company, version):
    ModelVersion.objects.update(state=ModelVersion.State.QUARANTINED)

    with pytest.raises(NoTrainedModel, match=f"organizations/{company.pk}/train"):
        score_history(company=company, transactions=sent("2024-05-01"), at=NOON)


@pytest.mark.parametrize(
    ("wanted", "scores"),
    [(None, "random_forest"), ("", "random_forest"), ("logistic_regression", "logistic_regression")],
)
def test_the_latest_of_all_types_scores_unless_one_is_asked_for(company, version, forest, wanted, scores):
    history = sent("2024-05-01", "2024-05-11", "2024-05-21")

    found = score_history(company=company, transactions=history, model_type=wanted, at=NOON)

    assert found.version.model_type.slug == scores


def test_a_type_without_a_version_says_how_to_get_one(company, version, forest):
    with pytest.raises(
        NoTrainedModel, match=r"of the type gradient_boosting.*train\?model_type=gradient_boost"
    ):
        score_history(
            company=company, transactions=sent("2024-05-01"), model_type="gradient_boosting", at=NOON
        )


def test_a_version_that_nobody_deployed_answers_nobody(company, version, forest, developer):
    withdraw_version(version=version, company=company, by=developer, reason="The forest is better.", at=NOON)

    with pytest.raises(NoTrainedModel, match="of the type logistic_regression is deployed"):
        score_history(
            company=company, transactions=sent("2024-05-01"), model_type="logistic_regression", at=NOON
        )


def test_the_tiers_are_those_of_the_customer_base(company, version):
    base = version.population
    base.policies = base.policies | {"risk_tiers": TIERS_ADVISOR.id}
    base.save()

    found = score_history(company=company, transactions=sent("2024-05-01"), as_of="2024-07-10", at=NOON)

    assert (found.probability, found.segment) == (0.35, "Low")


@pytest.mark.parametrize("unknown", ["crystal_ball", 7, ["random_forest"]])
def test_a_type_that_does_not_exist_is_refused(company, version, unknown):
    with pytest.raises(UnknownModelType, match="Choose one of: logistic_regression, neural_network"):
        score_history(company=company, transactions=sent("2024-05-01"), model_type=unknown, at=NOON)


def test_the_call_answers_in_the_words_of_its_interface(client_of_developer, company, version):
    address = f"/api/v1/churn/v2/organizations/{company.uuid}/predict"
    body = {"customer_id": "CUST-001", "transactions": sent("2024-01-15", "2024-01-20")}
    body["as_of"] = "2024-01-21"

    good = client_of_developer.post(address, json.dumps(body), content_type="application/json")
    bad = client_of_developer.post(
        address,
        json.dumps(body | {"transactions": sent("2024-01-15", "soon")}),
        content_type="application/json",
    )
    missing, unknown = (
        client_of_developer.post(
            address, json.dumps(body | {"model_type": wanted}), content_type="application/json"
        )
        for wanted in ("random_forest", "crystal_ball")
    )
    nobody = client_of_developer.post(
        address, json.dumps({"transactions": []}), content_type="application/json"
    )

    assert good.status_code == 200
    assert set(good.json()) == {
        "customer_id", "churn_probability", "risk_segment", "as_of", "as_of_from", "active_window_days",
        "horizon_days", "evidence", "remarks", "model_type", "version",
        "warning",
    }  # fmt: skip
    assert (good.json()["model_type"], good.json()["version"]) == ("logistic_regression", version.version)
    assert good.json()["customer_id"] == "CUST-001"
    assert good.json()["churn_probability"] == round(good.json()["churn_probability"], 4)
    assert (good.json()["as_of"], good.json()["as_of_from"]) == ("2024-01-21T00:00:00", "sent")
    assert (good.json()["active_window_days"], good.json()["horizon_days"]) == (90, 60)
    assert good.json()["remarks"] == []
    assert bad.status_code == 400
    assert list(bad.json()["fields"]) == ["transactions[1].event_date"]
    assert list(nobody.json()["fields"]) == ["customer_id", "transactions"]
    assert (missing.status_code, missing.json()["code"]) == (404, "no-trained-model")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknown-model-type")


def test_the_pages_of_models_show_it_and_offer_it_for_no_file(client_of_developer, version):
    listed = client_of_developer.get("/dev/models/")
    shown = client_of_developer.get(f"/dev/models/{version.pk}/")
    predict = client_of_developer.get("/dev/predict/")

    assert str(version) in listed.content.decode()
    assert shown.status_code == 200
    assert f'value="{version.pk}"' not in predict.content.decode()


@pytest.fixture
def client_of_developer(log_in, developer):
    assert membership(developer).is_developer
    return log_in(developer)
