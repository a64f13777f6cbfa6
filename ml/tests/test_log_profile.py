import datetime as dt
import json

import pytest

from ml.logs.profile import profile_events
from ml.logs.profile.balance import describe_balance
from ml.logs.profile.score import check_minimum
from ml.tests.purchases import FIRST, event, write_log, write_rows


@pytest.fixture
def profile(tmp_path):
    """Profile a log made of events; `report` is what the import said."""

    def make(events, report=None, **options):
        path = write_log(tmp_path / "events.parquet", events)
        return profile_events(path, report=report or {}, **options)

    return make


def steady(customers=120, every=30, months=12):
    """Customers who each buy once a month, over a year: a log without faults."""
    return [
        event(f"C-{number:03d}", every * month + number % 28, 20 + number % 7 + month)
        for number in range(customers)
        for month in range(months)
    ]


def day_of(one):
    return (one["event_at"] - FIRST).days


def fault(profile, code):
    quality = profile["quality"]
    return next((row for row in quality["deductions"] + quality["notes"] if row["code"] == code), None)


def test_a_clean_log_is_worth_ten(profile):
    found = profile(steady())

    assert found["quality"] == {"score": 10.0, "deductions": [], "notes": []}
    assert found["minimum"]["passed"]


def test_is_ready_for_json_without_nan(profile):
    json.dumps(profile(steady()), allow_nan=False)


def test_every_lost_point_is_explained(profile):
    events = [*steady(customers=40), *([event("guest", 5, 9999)] * 200), event("C-001 ", 3, 0)]

    found = profile(events, {"rows_in": 900, "rejected": 90, "duplicates": 80, "missing_ids": 30})["quality"]

    assert found["score"] == pytest.approx(10 - sum(row["points"] for row in found["deductions"]))
    assert found["score"] < 6
    assert all(row["reason"] and row["remedy"] and row["points"] > 0 for row in found["deductions"])


def test_no_fault_takes_the_score_below_zero(profile):
    found = profile([event("guest", 0, 0)] * 3, {"rows_in": 1000, "rejected": 900, "missing_ids": 400})

    assert found["quality"]["score"] == 0
    assert sum(row["points"] for row in found["quality"]["deductions"]) == pytest.approx(10)


# --- Quality ---------------------------------------------------------------------------------------------


def test_counts_blanks_with_the_rows_that_the_import_set_aside(profile):
    events = [*steady(), event("C-001", 3, product="tea"), event("C-002", 4)]
    report = {"rows_in": 2000, "missing_ids": 560, "rejected": 560, "rejected_by_reason": {"missing_id": 560}}

    missing = {row["column"]: row for row in profile(events, report)["missing"]}

    assert missing["customer_id"]["missing"] == 560
    assert missing["customer_id"]["flagged"]
    assert missing["product"]["missing"] == len(events) - 1
    assert not missing["product"]["flagged"]


def test_a_login_needs_no_amount(profile):
    events = [*steady(), event("C-001", 3, None, "login"), event("C-002", 3, 7.0, "login")]

    found = profile(events)

    assert all(row["missing"] == 0 for row in found["missing"])
    kinds = {row["event_type"]: row for row in found["transactions"]["event_types"]}
    assert (kinds["login"]["events"], kinds["login"]["with_amount"]) == (2, 1)
    assert found["transactions"]["purchases"] == 1440


def test_advises_a_median_for_skewed_numbers_and_the_usual_value_for_names(profile):
    quantities = [1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 400.0, None]
    events = [
        event(f"C-{number}", number, quantity=quantity, product="tea" if number % 3 else None)
        for number, quantity in enumerate(quantities)
    ]

    advice = {row["column"]: row for row in profile(events)["imputation"]}

    assert (advice["quantity"]["method"], advice["quantity"]["value"]) == ("median", 2.0)
    assert (advice["product"]["method"], advice["product"]["value"]) == ("most frequent", "tea")


def test_finds_purchases_entered_twice_and_exact_rows_of_the_import(profile):
    events = [*steady(), event("C-001", 400, 12.5), event("C-001", 400.5, 12.5), event("C-002", 400, 12.5)]
    events += [event("C-003", 401.25, 8.0)] * 2

    found = profile(events, {"rows_in": 1500, "duplicates": 57})["duplicates"]

    assert (found["exact_rows"], found["exact_share"]) == (57, pytest.approx(0.038))
    assert (found["transactions"], found["same_moment"]) == (2, 1)
    assert [row["customer_id"] for row in found["examples"]] == ["C-001", "C-003"]


def test_finds_outliers_by_three_methods(profile):
    found = profile([*steady(), event("C-001", 5, 90_000), event("C-002", 5, 80_000)])["outliers"]

    assert found["iqr"]["count"] == found["iqr"]["far_out"] == 2
    assert found["z_score"]["count"] == 2
    assert found["isolation_forest"]["count"] >= 2
    assert not found["isolation_forest"]["is_sample"]
    assert [row["amount"] for row in found["examples"]] == [90_000, 80_000]


def test_the_forest_says_that_it_saw_a_sample(profile, monkeypatch):
    monkeypatch.setattr("ml.logs.profile.outliers.FOREST_SAMPLE", 500)

    forest = profile(steady())["outliers"]["isolation_forest"]

    assert (forest["sampled"], forest["is_sample"]) == (500, True)


def test_finds_what_cannot_be(profile):
    events = [
        *steady(),
        event("C-001", 5, 0),
        event("C-001", 6, -4.0, "return"),
        event("C-001", 800),
        event("C-002", 7, 5.0, quantity=-1.0),
    ]

    found = profile(events, {"rejected_by_reason": {"future_date": 3}}, as_of=dt.datetime(2025, 6, 1))

    assert found["impossible"]["zero_amounts"] == 1
    assert (found["impossible"]["negative_amounts"], found["impossible"]["returns"]) == (1, 1)
    assert found["impossible"]["future_dates"] == 4
    assert found["impossible"]["quantities"] == 1
    assert "1 purchase for nothing" in fault(found, "impossible-values")["reason"]


def test_finds_what_looks_mistyped(profile):
    events = [
        *steady(),
        event("C-001", 5, 99_999),
        event("C-002", 5, 4_000),
        event("guest", 5),
        event("c-003", 5),
    ]

    found = profile([*events, {**event("C-004", 0), "event_at": dt.datetime(1970, 1, 1)}])["entry_errors"]

    assert (found["filler_amounts"], found["zero_dates"], found["placeholder_ids"]) == (1, 1, 1)
    assert {row["customer_id"] for row in found["slip_examples"]} == {"C-001", "C-002"}
    assert found["spelling_examples"] == [["C-003", "c-003"]]


def test_describes_how_customer_ids_are_written(profile):
    ids = profile([*steady(), event("4711", 5), event("12431.0", 5)])["consistency"]["customer_ids"]

    assert [row["shape"] for row in ids["shapes"]] == ["A-9", "9", "9.9"]
    assert ids["read_as_decimals"] == 1
    assert not ids["consistent"]


def test_notices_a_till_that_passes_for_a_customer(profile):
    found = profile([*steady(), *(event("C-TILL", day % 360 + 0.5, day) for day in range(600))])

    assert found["consistency"]["customer_ids"]["busiest"]["customer_id"] == "C-TILL"
    assert "29 %" in fault(found, "dominant-customer")["title"]


# --- Figures ---------------------------------------------------------------------------------------------


def test_counts_customers_money_and_orders(profile):
    events = [
        event("a", 0, 10, order_id="1"),
        event("a", 0, 5, order_id="1"),
        event("a", 40, 30, order_id="2"),
        event("b", 10, 60, order_id="3"),
        event("b", 12, -20, "return", order_id="C3"),
        event("c", 12, None, "login"),
    ]

    found = profile(events)

    customers, money = found["customers"], found["transactions"]
    assert (customers["customers"], customers["buyers"], customers["without_purchase"]) == (3, 2, 1)
    assert (customers["new_customers"], customers["returning_customers"]) == (1, 1)
    assert customers["purchases_mean"] == 1.5
    assert (money["purchases"], money["lines"], money["revenue"], money["net_revenue"]) == (3, 4, 105, 85)
    assert (money["average_order_value"], money["median"], money["minimum"], money["maximum"]) == (
        35,
        30,
        15,
        60,
    )
    assert customers["months"][0] == {"month": "2024-01", "new": 2, "returning": 0}
    assert customers["months"][1] == {"month": "2024-02", "new": 0, "returning": 1}


def test_describes_products_only_where_there_are_any(profile):
    assert profile(steady())["products"] is None

    tea = [event(c, day, 5, product="tea", category="drinks", quantity=2.0) for c in "ab" for day in range(5)]
    found = profile([*tea, event("a", 9, 40, product="cake", category="food", quantity=1.0)])["products"]

    assert (found["products"], found["categories"]) == (2, 2)
    assert [(row["name"], row["units"], row["revenue"]) for row in found["top"]] == [
        ("tea", 20, 50),
        ("cake", 1, 40),
    ]
    assert found["per_customer_mean"] == 1.5


# --- Time ------------------------------------------------------------------------------------------------


def growing(weeks, weekday=None):
    return [
        event(f"C-{number}", 7 * week + (number % 7 if weekday is None else weekday), 10 + number)
        for week in range(weeks)
        for number in range(10 + week)
    ]


def test_a_rising_number_of_purchases_is_growth(profile):
    trend = profile(growing(30))["time"]["trend"]

    assert trend["direction"] == "growing"
    # One more a week on a mean of 24.5: 4.35 weeks a month.
    assert trend["per_month"] == pytest.approx(4.348 / 24.5, rel=0.05)


def test_an_unfinished_month_is_no_decline(profile):
    assert profile(steady(months=13))["time"]["trend"]["direction"] == "steady"


def test_weekdays_and_their_season(profile):
    time = profile(growing(30, weekday=4))["time"]

    assert time["weekdays"]["busiest"] == "Friday"
    assert time["weekdays"]["differ"]
    assert time["seasonality"]["weekly"]["strength"] > 0.6


def test_a_yearly_season_needs_three_years(profile):
    short = profile(steady())["time"]["seasonality"]["yearly"]
    events = [
        event(f"C-{number}", 30.44 * month + 3, 10 + number)
        for month in range(48)
        for number in range(60 if month % 12 == 11 else 20)
    ]

    long = profile(events)["time"]["seasonality"]["yearly"]

    assert short["strength"] is None and "needs 36 whole months" in short["sentence"]
    assert long["strength"] > 0.6
    assert long["sentence"].startswith("Purchases follow the year clearly: what the ")


def test_a_few_weeks_say_nothing_about_weekdays(profile):
    time = profile([event(f"C-{day}", day) for day in range(70) if day % 7 == 4])["time"]

    assert (time["weekdays"]["differ"], time["weekdays"]["p_value"]) == (False, None)
    assert "needs 12 whole weeks" in time["seasonality"]["weekly"]["sentence"]


def test_hours_are_there_only_with_times(profile):
    assert profile(steady())["time"]["hours"] is None

    hours = profile([event("a", day + 18 / 24) for day in range(5)])["time"]["hours"]

    assert [row["hour"] for row in hours if row["purchases"]] == [18]


# --- Enough data, and balance ----------------------------------------------------------------------------


def test_says_how_far_away_the_minimum_is_and_what_would_mend_it(profile):
    gate = profile([event(f"C-{number % 60}", number) for number in range(120)])["minimum"]

    records, customers, time = gate["checks"]
    assert not gate["passed"]
    assert (records["missing"], customers["missing"]) == (380, 40)
    # Six months from 1 January are 182 days in a leap year.
    assert (time["needed"], time["have"], time["missing"]) == (182, 120, 62)
    assert "31 October 2023" in time["remedy"]


def test_exactly_the_minimum_is_enough():
    assert check_minimum(500, 100, dt.date(2024, 8, 31), dt.date(2025, 2, 27))["passed"]
    assert not check_minimum(499, 100, dt.date(2024, 8, 31), dt.date(2025, 2, 27))["passed"]


@pytest.mark.parametrize(
    ("churned", "default", "severe"),
    [(0, "none", True), (9, "SMOTE", True), (15, "class weights", False), (39, "class weights", False),
     (45, "none", False), (91, "SMOTE", True), (100, "none", True)],
)  # fmt: skip
def test_advises_by_how_uneven_the_classes_are(churned, default, severe):
    found = describe_balance(churned, 100, source="label")

    assert (found["default"], found["severe"]) == (default, severe)
    assert [row["name"] for row in found["choices"]] == ["Class weights", "SMOTE", "Undersampling"]


def test_balance_follows_the_labels_of_the_log_where_it_has_them(profile):
    events = [
        event(f"C-{number}", day, label=int(number % 4 == 0)) for number in range(40) for day in (0, 90)
    ]

    balance = profile([*events, event("unknown", 5)])["balance"]

    assert (balance["source"], balance["customers"], balance["churned"]) == ("label", 40, 10)


def test_a_label_on_some_rows_only_costs_nothing(profile):
    events = [row | ({"label": 1} if number == 0 else {}) for number, row in enumerate(steady())]

    assert profile(events)["quality"]["score"] == 10.0


def test_without_labels_balance_follows_the_suggestion(profile):
    found = profile(steady())

    assert found["balance"]["source"] == "definition"
    assert found["balance"]["days"] == found["churn"]["suggestion"]["days"]


# --- Degenerate logs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "events",
    [
        [],
        [event("a", 0)],
        [event("a", 0, None, "login")],
        [event("a", 0, -5, "return")],
        [event("a", day, 5.0) for day in range(100)],
        [event(str(c), 0, 7.0) for c in range(700)],
    ],
)
def test_every_log_gets_a_profile(profile, events):
    found = profile(events)

    json.dumps(found, allow_nan=False)
    assert 0 <= found["quality"]["score"] < 10


def test_the_same_log_gives_the_same_profile(profile):
    assert profile(steady()) == profile(steady())


# --- A real log ------------------------------------------------------------------------------------------


def test_raw_lines_of_online_retail(shared, tmp_path):
    path = write_rows(
        shared / "data" / "online_retail_lines_sample.csv",
        tmp_path / "events.parquet",
        "SELECT CustomerID AS customer_id, InvoiceDate::TIMESTAMP AS event_at, "
        "Quantity::DOUBLE * UnitPrice::DOUBLE AS amount, Quantity::DOUBLE AS quantity, "
        "CASE WHEN InvoiceNo LIKE 'C%' THEN 'return' ELSE 'purchase' END AS event_type, "
        "InvoiceNo AS order_id, Description AS product "
        "FROM read_csv('{path}', all_varchar = true) WHERE CustomerID IS NOT NULL",
    )

    found = profile_events(path, report={"rows_in": 32_000, "missing_ids": 300, "rejected": 300})

    assert found["customers"]["customers"] == 300
    assert found["transactions"]["purchases"] == 1_403
    assert found["transactions"]["returns"] == 598
    assert found["time"]["weekdays"]["busiest"] == "Thursday"
    assert found["products"]["top"][0]["name"] == "WHITE HANGING HEART T-LIGHT HOLDER"
    assert found["consistency"]["customer_ids"]["read_as_decimals"] == 300
    assert fault(found, "decimal-ids")["points"] == 0.2
    assert found["minimum"]["passed"]
    assert found["quality"]["score"] > 8
