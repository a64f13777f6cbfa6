"""What the features of windows and lags mean: what somebody did lately, beside what was usual before.

Whether they help depends on the log. Learned 90 days before the cutoff and judged at it, AUC of retail_v2
beside that of retail_v1, by logistic regression and by boosted trees: Online Retail 0.742 beside 0.745 and
0.738 beside 0.737 (no difference that 2,784 customers could show), CDNOW 0.720 beside 0.717 and 0.691 beside
0.702. In the sample logs, whose customers slow down before they leave, each at a pace of its own: coffee shop
0.967 beside 0.954 and 0.973 beside 0.950, online grocer 0.969 beside 0.957 and 0.960 beside 0.939.
"""

from __future__ import annotations

from ml.purchase_features.definitions import ALWAYS, INTEGER, LAST_30, LAST_90, MONEY, FeatureDefinition

LAST_180, DAYS_91_TO_180 = "180 days before as_of", "from 180 to 91 days before as_of"
NO_AMOUNT = "empty where no purchase has an amount"
ONE_DAY = "empty for a customer whose purchases fell on a single day: no gap has closed yet"

# Windows end with the day before as_of. A *buying day* is a day with a purchase; gaps lie between buying
# days, so that two purchases of one day, or the rows of an order that has no number, are no gap of 0 days.
# No standard deviation of order values: it needs squares, which 64 bits do not hold for every currency.
WINDOWS = (
    FeatureDefinition(
        "purchases_last_30_days",
        "Number of purchases in the window.",
        LAST_30,
        "purchases",
        (),
        "purchases 3, 30 and 31 days ago: 2",
        INTEGER,
    ),
    FeatureDefinition(
        "purchases_last_90_days",
        "Number of purchases in the window.",
        LAST_90,
        "purchases",
        (),
        "purchases 3, 90 and 91 days ago: 2",
        INTEGER,
    ),
    FeatureDefinition(
        "purchases_previous_90_days",
        "Number of purchases in the window: purchases_last_90_days, 90 days earlier.",
        DAYS_91_TO_180,
        "purchases",
        (),
        "purchases 90, 91, 180 and 181 days ago: 2",
        INTEGER,
    ),
    FeatureDefinition(
        "spend_last_30_days",
        "What was paid in the window, returns not taken off.",
        LAST_30,
        MONEY,
        (),
        "10 paid 3 days ago, 20 paid 31 days ago: 10",
    ),
    FeatureDefinition(
        "spend_last_90_days",
        "What was paid in the window, returns not taken off.",
        LAST_90,
        MONEY,
        (),
        "10 paid 3 days ago, 20 paid 90 days ago: 30",
    ),
    FeatureDefinition(
        "spend_previous_90_days",
        "What was paid in the window, returns not taken off: spend_last_90_days, 90 days earlier.",
        DAYS_91_TO_180,
        MONEY,
        (),
        "10 paid 90 days ago, 20 paid 91 days ago: 20",
    ),
    FeatureDefinition(
        "spend_change_90_days",
        "(a - b) / (a + b), where a is spend_last_90_days and b spend_previous_90_days: 1 where everything "
        "was paid lately, 0 where as much as before, -1 where nothing was paid lately.",
        LAST_180,
        "from -1 to 1",
        (),
        "10 paid lately, 30 before: (10 - 30) / 40 = -0.5",
        undefined="empty where nothing was paid in either window",
    ),
    FeatureDefinition(
        "smallest_order_value",
        "What was paid for the cheapest purchase.",
        ALWAYS,
        MONEY,
        (),
        "orders of 10 and 30: 10",
        undefined=NO_AMOUNT,
    ),
    FeatureDefinition(
        "largest_order_value",
        "What was paid for the dearest purchase.",
        ALWAYS,
        MONEY,
        (),
        "orders of 10 and 30: 30",
        undefined=NO_AMOUNT,
    ),
    FeatureDefinition(
        "latest_order_ratio",
        "What was paid per purchase on the latest buying day, divided by average_order_value. All purchases "
        "of that day count, so that none of them has to be chosen as the latest.",
        ALWAYS,
        "times the usual order",
        (),
        "30 paid ten days ago, 10 yesterday: 10 / 20 = 0.5",
        undefined="empty where nothing was paid at all",
    ),
    FeatureDefinition(
        "latest_gap_days",
        "Days from the last but one buying day to the latest.",
        ALWAYS,
        "days",
        (),
        "purchases on 1, 5 and 11 March: 6",
        INTEGER,
        ONE_DAY,
    ),
    FeatureDefinition(
        "latest_gap_ratio",
        "latest_gap_days, divided by the mean gap between buying days. Above 1 the customer slowed down.",
        ALWAYS,
        "times the usual gap",
        (),
        "purchases on 1, 5 and 11 March: 6 / 5 = 1.2",
        undefined=ONE_DAY,
    ),
    FeatureDefinition(
        "overdue_ratio",
        "Days since the latest purchase, divided by the mean gap between buying days. Above 1 the next "
        "purchase is overdue by the customer's own pace.",
        ALWAYS,
        "times the usual gap",
        (),
        "purchases on 1, 5 and 11 March, as_of 21 March: 10 / 5 = 2",
        undefined=ONE_DAY,
    ),
    FeatureDefinition(
        "returns_per_purchase",
        "Number of returns, divided by the number of purchases. A return is one order of returned rows, or "
        "one row of type return where the log has no orders.",
        ALWAYS,
        "returns per purchase",
        (),
        "four orders, one of them sent back: 0.25",
        undefined="0 where the log knows of no return: of those that it never recorded nothing can be said",
    ),
)
