"""What every feature of a purchase log means: the one place for people, pages and programs."""

from __future__ import annotations

from dataclasses import dataclass

from ml.logs.features.definitions import (
    ALWAYS,
    CATEGORY,
    INTEGER,
    LAST_30,
    LAST_90,
    PAID,
    FeatureDefinition,
)
from ml.logs.features.window_definitions import WINDOWS

PERCENTILE = "percentile_rank_by_spend"

RFM_V2 = (
    FeatureDefinition(
        "recency_score",
        "100 / (1 + d / 30), where d is the number of days since the latest activity. It halves at 30 days.",
        ALWAYS,
        "points from 0 to 100",
        (),
        "latest activity 10 days ago: 100 / (1 + 10/30) = 75",
    ),
    FeatureDefinition(
        "frequency_score",
        "100 n / (n + 6), where n is the number of purchases in the window. Two a month are 50 points.",
        LAST_90,
        "points from 0 to 100",
        (),
        "2 purchases: 100 x 2/8 = 25",
    ),
    FeatureDefinition(
        "monetary_score",
        "20 log10(1 + m), at most 100, where m is what was paid in the window: 20 points for each factor of "
        "ten.",
        LAST_90,
        "points from 0 to 100",
        PAID,
        "99.00 paid: 20 x log10(100) = 40",
    ),
    FeatureDefinition(
        "engagement_score",
        "0.4 recency_score + 0.3 frequency_score + 0.3 x 100 a / (a + 10), where a is the number of "
        "activities of "
        "any type in the last 30 days.",
        "as its parts",
        "points from 0 to 100",
        (),
        "scores of 75 and 25, and 10 activities: 30 + 7.5 + 15 = 52.5",
    ),
    FeatureDefinition(
        "tenure_days",
        "Days since the first activity.",
        ALWAYS,
        "days",
        (),
        "first seen on 1 March, as_of 31 March: 30",
        INTEGER,
    ),
    FeatureDefinition(
        "activity_trend",
        "Slope of the least-squares line through the number of activities on each of the 30 days, oldest "
        "day first; days without activity count as 0. Before a cutoff within a day, the activities of that "
        "day weigh as one step further.",
        LAST_30,
        "activities per day, per day",
        (),
        "one activity the day before as_of: 14.5 / 2247.5 = 0.00645",
    ),
    FeatureDefinition(
        "avg_transaction_value",
        "What was paid, divided by the number of purchases.",
        ALWAYS,
        "currency of the log",
        PAID,
        "purchases of 10 and 30: 20",
        undefined="0 for a customer without a purchase: nothing was paid",
    ),
    FeatureDefinition(
        "days_between_transactions",
        "Days from the first to the latest activity, divided by the number of activities less one.",
        ALWAYS,
        "days",
        (),
        "activities on 1, 5 and 11 March: 10 / 2 = 5",
        undefined="with a single activity the days since it: the gap lasts at least that long",
    ),
)

RETAIL_V1 = (
    FeatureDefinition(
        "days_since_last_purchase",
        "Days since the latest purchase.",
        ALWAYS,
        "days",
        (),
        "latest purchase the day before as_of: 1",
        INTEGER,
    ),
    FeatureDefinition(
        "total_purchase_count",
        "Number of purchases.",
        ALWAYS,
        "purchases",
        (),
        "three orders of two lines each: 3",
        INTEGER,
    ),
    FeatureDefinition(
        "average_order_value",
        "What was paid, divided by the number of purchases.",
        ALWAYS,
        "currency of the log",
        PAID,
        "orders of 10 and 30: 20",
    ),
    FeatureDefinition(
        "total_lifetime_spend",
        "What was paid, returns not taken off.",
        ALWAYS,
        "currency of the log",
        PAID,
        "orders of 10 and 30: 40",
    ),
    FeatureDefinition(
        "days_since_first_purchase",
        "Days since the first purchase: the customer's age.",
        ALWAYS,
        "days",
        (),
        "first purchase on 1 March, as_of 31 March: 30",
        INTEGER,
    ),
    FeatureDefinition(
        "purchase_velocity",
        "30 n / d, where n is the number of purchases and d the days since the first one, at least 30: a "
        "month of "
        "30 days is the least that says something about a pace.",
        ALWAYS,
        "purchases per 30 days",
        (),
        "4 purchases in 60 days: 2",
    ),
    FeatureDefinition(
        "avg_days_between_purchases",
        "Days from the first to the latest purchase, divided by the number of purchases less one.",
        ALWAYS,
        "days",
        (),
        "purchases on 1, 5 and 11 March: 10 / 2 = 5",
        undefined="with a single purchase the days since it: the gap lasts at least that long",
    ),
    FeatureDefinition(
        "trend_last_3_months",
        "Slope of the least-squares line through the number of purchases in each of the last three months "
        "of 30 days. "
        "Above 0 increasing, below 0 decreasing.",
        LAST_90,
        "purchases per month, per month",
        (),
        "3, 2 and 1 purchases, newest month first: (3 - 1) / 2 = 1",
    ),
    FeatureDefinition(
        "trend_last_6_months",
        "As trend_last_3_months, over six months of 30 days.",
        "180 days before as_of",
        "purchases per month, per month",
        (),
        "one purchase, in the newest month: 2.5 / 17.5 = 0.143",
    ),
    FeatureDefinition(
        "number_of_product_categories",
        "Number of different categories bought.",
        ALWAYS,
        "categories",
        ("category",),
        "tea, tea and coffee: 2",
        INTEGER,
    ),
    FeatureDefinition(
        "favorite_category",
        "The category on most rows of purchases; where several are level, the first of them by the order of "
        "their "
        "characters.",
        ALWAYS,
        "category",
        ("category",),
        "two rows of tea, two of coffee: coffee",
        CATEGORY,
        "empty where no row of a purchase names a category",
    ),
    FeatureDefinition(
        "percent_repeat_products",
        "Share of the customer's products that were bought on two different days or more, times 100.",
        ALWAYS,
        "percent",
        ("product",),
        "A on two days, B once: 50",
        undefined="empty where no row of a purchase names a product",
    ),
    FeatureDefinition(
        "weekend_purchase_ratio",
        "Share of the purchases that fell on a Saturday or a Sunday.",
        ALWAYS,
        "share from 0 to 1",
        (),
        "one of four purchases on a Sunday: 0.25",
    ),
    FeatureDefinition(
        "evening_purchase_ratio",
        "Share of the purchases made from 18:00 to midnight, by the clock of the log.",
        ALWAYS,
        "share from 0 to 1",
        ("time",),
        "one of two purchases at 19:30: 0.5",
    ),
    FeatureDefinition(
        "months_active",
        "Number of different calendar months with a purchase.",
        ALWAYS,
        "months",
        (),
        "purchases on 1 March, 9 March and 2 May: 2",
        INTEGER,
    ),
    FeatureDefinition(
        "longest_gap_between_purchases",
        "The most days between two purchases that follow each other.",
        ALWAYS,
        "days",
        (),
        "purchases on 1, 5 and 11 March: 6",
        INTEGER,
        "with a single purchase the days since it: the gap lasts at least that long",
    ),
    FeatureDefinition(
        "consistency_score",
        "100 / (1 + s / m), where m is the mean and s the standard deviation (of the population) of the "
        "days between "
        "purchases: 100 for a customer like clockwork.",
        ALWAYS,
        "points from 0 to 100",
        (),
        "gaps of 7, 7 and 7 days: 100",
        undefined="0 with fewer than three purchases or all on one day: no regularity can be seen",
    ),
    FeatureDefinition(
        "seasonality_preference",
        "The quarter of the calendar year with most purchases; where several are level, the earliest in the "
        "year.",
        ALWAYS,
        "Q1, Q2, Q3 or Q4",
        (),
        "purchases in May, June and December: Q2",
        CATEGORY,
    ),
    FeatureDefinition(
        PERCENTILE,
        "How many of the 99 percentiles of total_lifetime_spend, over all customers of the matrix, the "
        "customer's own "
        "spend reaches. 90 or more is the top 10 %.",
        ALWAYS,
        "percentile from 0 to 99",
        PAID,
        "the biggest spender of a hundred: 99",
        INTEGER,
    ),
    FeatureDefinition(
        "customer_lifetime_value_estimate",
        "What the customer is expected to pay in the next 365 days: average_order_value x purchase_velocity "
        "x 365/30 x "
        "T^(n - 1), where n is the number of purchases and T the share of the days since the first purchase "
        "that had "
        "passed at the latest one. T^(n - 1) estimates the chance that the customer is still one: a long "
        "silence "
        "after many purchases says more than after one.",
        ALWAYS,
        "currency of the log",
        PAID,
        "2 orders of 20, 90 and 30 days ago: 20 x 2/3 x 365/30 x 2/3 = 108.1",
    ),
    FeatureDefinition(
        "average_items_per_transaction",
        "Sum of the quantities, divided by the number of purchases.",
        ALWAYS,
        "items",
        ("quantity",),
        "orders of 3 and 5 items: 4",
        undefined="empty where no row of a purchase has a quantity",
    ),
    FeatureDefinition(
        "discount_usage_rate",
        "Share of the purchases in which a discount above 0 stands on a row, written as 20%, 20 or 0.2.",
        ALWAYS,
        "share from 0 to 1",
        ("discount",),
        "a discount on one of four orders: 0.25",
    ),
)

FEATURE_SETS = {"rfm_v2": RFM_V2, "retail_v1": RETAIL_V1, "retail_v2": RETAIL_V1 + WINDOWS}


@dataclass(frozen=True)
class SetTraits:
    """What is true of a whole set of features: to be asked for in place of its name.

    Attributes
    ----------
    purchases_only : bool
        Whether only customers with a purchase have a row. Otherwise an event of any type makes one.
    counts_returns : bool
        Whether returns are looked at beside purchases.
    one_pass : bool
        Whether it is one aggregate of the events: a few numbers per customer that spill by themselves.
    """

    purchases_only: bool = True
    counts_returns: bool = False
    one_pass: bool = False


TRAITS = {
    "rfm_v2": SetTraits(purchases_only=False, one_pass=True),
    "retail_v1": SetTraits(),
    "retail_v2": SetTraits(counts_returns=True),
}

REASONS = {
    "time": "The log has dates without times of day.",
    "population": "It compares a customer with all others, and the spends of the others were not given.",
}


def list_features(feature_set: str) -> tuple[FeatureDefinition, ...]:
    """Return the features of a set, in their order.

    Parameters
    ----------
    feature_set : str
        One of `FEATURE_SETS`.

    Returns
    -------
    tuple of FeatureDefinition

    Raises
    ------
    ValueError
        There is no such set.

    Examples
    --------
    >>> [len(list_features(name)) for name in ("rfm_v2", "retail_v1", "retail_v2")]
    [8, 22, 36]
    """
    if feature_set not in FEATURE_SETS:
        raise ValueError(f"There is no feature set {feature_set!r}. There are: {', '.join(FEATURE_SETS)}.")
    return FEATURE_SETS[feature_set]


def ranks_customers(feature_set: str, columns) -> bool:
    """Return whether a feature of the set compares a customer with all others, by what they paid.

    Parameters
    ----------
    feature_set : str
    columns : collection of str
        Canonical columns of the log.

    Returns
    -------
    bool

    Examples
    --------
    >>> ranks_customers("rfm_v2", {"amount"}), ranks_customers("retail_v1", {"amount"})
    (False, True)
    >>> ranks_customers("retail_v1", {"event_at"})
    False
    """
    ranks = any(feature.name == PERCENTILE for feature in list_features(feature_set))
    return ranks and "amount" in columns


def list_needs(feature_set: str) -> frozenset[str]:
    """Return the columns of a log that some feature of the set needs, beside those that every set looks for.

    Parameters
    ----------
    feature_set : str

    Returns
    -------
    frozenset of str

    Examples
    --------
    >>> sorted(list_needs("retail_v1"))
    ['category', 'discount', 'product', 'quantity']
    """
    needs = (need for feature in list_features(feature_set) for need in feature.needs)
    return frozenset(needs) - {"time", *PAID}


def list_absent(feature_set: str, columns, *, has_time: bool, has_population: bool = True) -> dict[str, str]:
    """Return the features that a log cannot give, each with the reason.

    Parameters
    ----------
    feature_set : str
    columns : collection of str
        Canonical columns of the log.
    has_time : bool
        Whether the log knows times of day.
    has_population : bool
        False where a single customer is computed without the percentiles of the others.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> list_absent("rfm_v2", {"customer_id", "event_at", "amount"}, has_time=False)
    {}
    >>> sorted(list_absent("retail_v1", {"amount", "category", "product", "quantity"}, has_time=False))
    ['discount_usage_rate', 'evening_purchase_ratio']
    >>> sorted(list_absent("rfm_v2", {"customer_id", "event_at"}, has_time=False))
    ['avg_transaction_value', 'monetary_score']
    """
    absent = {}
    for feature in list_features(feature_set):
        if "time" in feature.needs and not has_time:
            absent[feature.name] = REASONS["time"]
        missing = [need for need in feature.needs if need != "time" and need not in columns]
        if missing:
            absent[feature.name] = f"The log has no column {' and no column '.join(missing)}."
        elif feature.name == PERCENTILE and not has_population:
            absent[feature.name] = REASONS["population"]
    return absent
