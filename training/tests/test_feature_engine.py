"""What is learned from whole logs, and how good it honestly is."""

import datetime as dt
import json

import duckdb
import numpy as np
import pandas as pd
import pytest

from ml.evaluation.signal import NAMES_NOBODY
from ml.logs.profile.score import check_minimum
from ml.samples.sample_logs import TRADES, make_sample_log
from training.engines.purchases import learn

PURCHASES = "customer_id, event_date::TIMESTAMP AS event_at, amount::DOUBLE AS amount, event_type"
VISITS = "customer_id, event_date::TIMESTAMP AS event_at, 'purchase' AS event_type"
REAL = (
    "cust::VARCHAR AS customer_id, date::TIMESTAMP AS event_at, amount::DOUBLE AS amount, "
    """'purchase' AS event_type, "order"::VARCHAR AS order_id"""
)
# A label that follows from the days of silence in the log itself: the leak of the sources.
SILENT = (
    "(max(event_date::DATE) OVER () - max(event_date::DATE) OVER (PARTITION BY customer_id) > 60)::TINYINT"
)


@pytest.fixture
def events_of(tmp_path):
    def write(csv, columns):
        target = tmp_path / "events.parquet"
        duckdb.sql(f"COPY (SELECT {columns} FROM read_csv('{csv}')) TO '{target}' (FORMAT parquet)")
        return target

    return write


def learned(events, folder, *, feature_set="rfm_v2", labels="definition", minimum=None, **definition):
    folder.mkdir()
    found = learn(
        folder=str(folder),
        events=str(events),
        feature_set=feature_set,
        as_of=None,
        labels=labels,
        definition={"horizon_days": None, "gap_days": 0, "active_window_days": None, "confirmed": False}
        | definition,
        model_type="logistic_regression",
        params={},
        minimum=minimum,
        on_progress=lambda *_: None,
    )
    return found, json.loads((folder / "manifest.json").read_text()) if "refusal" not in found else None


@pytest.mark.parametrize("slug", [slug for slug, trade in TRADES.items() if not trade.labelled])
def test_the_sample_logs_are_foreseen_honestly(slug, events_of, tmp_path):
    (tmp_path / "log.csv").write_bytes(make_sample_log(slug))
    days = TRADES[slug].horizon_days
    events = events_of(tmp_path / "log.csv", PURCHASES if TRADES[slug].amount else VISITS)

    found, manifest = learned(events, tmp_path / "work", horizon_days=days, confirmed=True)

    churners = manifest["metrics"]["churners"]
    assert churners["f1"] > 0.75
    assert churners["auc"] < 0.975
    assert found["report"]["definition"]["horizon_days"] == days
    assert found["report"]["trained_at_cutoff"] < found["report"]["tested_at_cutoff"]


@pytest.fixture
def chance_events(tmp_path):
    """Purchases by chance alone: how long a customer has been silent says nothing of what comes."""
    rng, start, target = np.random.default_rng(5), dt.datetime(2024, 1, 1), tmp_path / "chance.parquet"
    visits = [np.cumsum(rng.exponential(30, 40)) for _ in range(900)]
    rows = [
        (f"C{number}", start + dt.timedelta(days=day))
        for number, days in enumerate(visits)
        for day in days[days < 360]
    ]
    log = pd.DataFrame(rows, columns=["customer_id", "event_at"])
    log = log.astype({"event_at": "datetime64[us]"}).assign(amount=rng.gamma(4, 5, len(log)))
    duckdb.from_df(log.assign(event_type="purchase")).write_parquet(str(target))
    return target


def test_a_log_of_pure_chance_is_called_so_first_and_its_model_names_nobody(chance_events, tmp_path):
    found, manifest = learned(chance_events, tmp_path / "work", horizon_days=30, confirmed=True)

    first = found["report"]["warnings"][0]
    assert first.startswith("It is not shown to rank customers better than")
    assert first.endswith("So it names nobody.")
    assert manifest["metrics"]["names_nobody"] and manifest["threshold"] == NAMES_NOBODY


def test_an_end_of_few_rows_is_said_before_all_else(chance_events, tmp_path):
    strays = [f"('C{number}', TIMESTAMP '2024-12-26' + INTERVAL {5 * number} DAY)" for number in range(1, 6)]
    duckdb.sql(
        f"COPY (FROM '{chance_events}' UNION ALL SELECT customer_id, event_at, -5.0, 'return' "
        f"FROM (VALUES {', '.join(strays)}) AS stray (customer_id, event_at)) "
        f"TO '{tmp_path / 'strays.parquet'}' (FORMAT parquet)"
    )

    found, _ = learned(tmp_path / "strays.parquet", tmp_path / "work", horizon_days=30, confirmed=True)

    first, second = found["report"]["warnings"][:2]
    assert "26 days, the log has 5 rows where about 7" in first
    assert first.endswith("so that the log ends on 25 December 2024.")
    assert second.startswith("It is not shown to rank customers better than")


def test_a_real_log_is_foreseen_as_well_as_it_can_be(shared, events_of, tmp_path):
    events = events_of(shared / "data" / "online_retail_invoices.csv", REAL)

    _, manifest = learned(
        events,
        tmp_path / "work",
        feature_set="retail_v1",
        horizon_days=90,
        active_window_days=180,
        confirmed=True,
    )

    # Measured 0.731, on those who bought twice or more; far above, something would know the future.
    assert 0.72 < manifest["metrics"]["churners"]["auc"] < 0.85


def test_a_label_that_follows_from_the_silence_is_refused(events_of, tmp_path):
    (tmp_path / "log.csv").write_bytes(make_sample_log("coffee_shop", customers=300))
    events = events_of(tmp_path / "log.csv", f"{PURCHASES}, {SILENT} AS label")

    found, _ = learned(events, tmp_path / "work", labels="given", confirmed=False)

    assert "recency_score alone tells who left" in found["refusal"]


def test_a_log_below_the_minimum_is_learned_from_with_a_warning(events_of, tmp_path):
    (tmp_path / "log.csv").write_bytes(make_sample_log("coffee_shop"))
    events = events_of(tmp_path / "log.csv", PURCHASES)
    short = tmp_path / "short.parquet"
    duckdb.sql(
        f"COPY (SELECT * FROM read_parquet('{events}') WHERE event_at >= TIMESTAMP '2024-08-15') "
        f"TO '{short}' (FORMAT parquet)"
    )

    found, manifest = learned(short, tmp_path / "work", horizon_days=30, confirmed=True)

    report = found["report"]
    assert not report["minimum"]["passed"]
    assert "of the 184 days that a model should learn from at least. Export purchases from" in " ".join(
        report["warnings"]
    )
    assert manifest["evidence"]["minimum"] == report["minimum"]


def test_what_the_profile_found_is_not_counted_again(events_of, tmp_path):
    (tmp_path / "log.csv").write_bytes(make_sample_log("coffee_shop", customers=30))
    missing = check_minimum(10, 5, dt.date(2024, 1, 1), dt.date(2024, 12, 31))

    found, _ = learned(events_of(tmp_path / "log.csv", PURCHASES), tmp_path / "work", minimum=missing)

    assert "10 of the 500 records" in found["refusal"]


def test_a_log_that_is_too_short_says_how_long_it_must_be(events_of, tmp_path):
    (tmp_path / "log.csv").write_bytes(make_sample_log("coffee_shop", customers=300))
    events = events_of(tmp_path / "log.csv", PURCHASES)

    found, _ = learned(events, tmp_path / "work", horizon_days=180, confirmed=True)

    assert "covers 359 days" in found["refusal"] or "covers 360 days" in found["refusal"]
    assert "more than 360" in found["refusal"]


def test_who_bought_once_and_who_had_lapsed_are_judged_apart(shared, events_of, tmp_path):
    events = events_of(shared / "data" / "online_retail_invoices.csv", REAL)

    found, manifest = learned(events, tmp_path / "work", horizon_days=60, confirmed=True)

    once, lapsed = (found["report"]["judged_apart"][name] for name in ("first_buyers", "lapsed"))
    # Of 1,874 active customers 443 had bought once; they leave twice as often as the others.
    assert (once["rows"], round(once["churn_rate"], 3)) == (443, 0.637)
    assert once["mean_probability"] == pytest.approx(once["churn_rate"], abs=0.06)
    assert lapsed["mean_probability"] == pytest.approx(lapsed["churn_rate"], abs=0.09)
    assert manifest["metrics"]["judged_apart"] == found["report"]["judged_apart"]
    assert manifest["purchase_features"]["first_buyers"]["customers"] > 443
    past = manifest["metrics"]["past_forecasts"]
    assert [each["as_of"][:10] for each in past] == ["2011-06-13", "2011-08-12", "2011-10-11"]
    assert past[-1]["customers"] == 443 + manifest["metrics"]["rows"] == 1874
    assert max(abs(each["promised"] - each["happened"]) for each in past) < 0.15


def test_first_buyers_of_a_log_that_has_none_any_more_get_the_rate_of_those_before(
    shared, events_of, tmp_path
):
    events = events_of(
        shared / "data" / "cdnow_sample_transactions.csv",
        "cust::VARCHAR AS customer_id, date::TIMESTAMP AS event_at, amount::DOUBLE AS amount, "
        "'purchase' AS event_type",
    )
    first_year = tmp_path / "first.parquet"
    duckdb.sql(
        f"COPY (SELECT * FROM read_parquet('{events}') WHERE event_at < TIMESTAMP '1997-11-03') "
        f"TO '{first_year}' (FORMAT parquet)"
    )

    _, manifest = learned(first_year, tmp_path / "work", horizon_days=60, confirmed=True)

    # Everybody was new in the first quarter: of those who bought once then, 83 % stayed away, of others 60 %.
    assert manifest["purchase_features"]["first_buyers"]["rates"][0] > 0.8
    assert manifest["metrics"]["judged_apart"]["first_buyers"]["rows"] == 0
