"""What the features of windows and lags mean: what somebody did lately, beside what was usual before.

Whether they help depends on the log. Learned one horizon before the cutoff and judged at it, AUC of retail_v2
beside that of retail_v1, by logistic regression and by boosted trees: Online Retail 0.743 beside 0.745 and
0.738 beside 0.737 (no difference that 2,784 customers could show), CDNOW 0.717 beside 0.717 and 0.691 beside
0.702 (590 customers). In the sample logs, whose customers are made to slow down before they leave, each from
a pace of its own: coffee shop 0.969 beside 0.954 and 0.973 beside 0.950, online grocer 0.969 beside 0.957
and 0.960 beside 0.939.
"""

from __future__ import annotations

from ml.logs.features.definitions import ALWAYS, INTEGER, LAST_30, LAST_90, MONEY, PAID, FeatureDefinition

LAST_180, DAYS_91_TO_180 = "180 days before as_of", "from 180 to 91 days before as_of"
POINTS = "points from 0 to 100"
NO_AMOUNT = "empty where no purchase has an amount"
ONE_DAY = "empty for a customer whose purchases fell on a single day: no gap has closed yet"

# Windows end with the day before as_of. A *buying day* is a day with a purchase; gaps lie between buying
# days, so that two purchases of one day, or the rows of an order that has no number, are no gap of 0 days.
# What is compared with the usual is a score between its ends: a plain ratio runs up to hundreds for few
# customers, and a linear model then follows those. No standard deviation of order values: it needs squares,
# which 64 bits do not hold for every currency.
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
        PAID,
        "10 paid 3 days ago, 20 paid 31 days ago: 10",
    ),
    FeatureDefinition(
        "spend_last_90_days",
        "What was paid in the window, returns not taken off.",
        LAST_90,
        MONEY,
        PAID,
        "10 paid 3 days ago, 20 paid 90 days ago: 30",
    ),
    FeatureDefinition(
        "spend_previous_90_days",
        "What was paid in the window, returns not taken off: spend_last_90_days, 90 days earlier.",
        DAYS_91_TO_180,
        MONEY,
        PAID,
        "10 paid 90 days ago, 20 paid 91 days ago: 20",
    ),
    FeatureDefinition(
        "spend_change_90_days",
        "(a - b) / (a + b), where a is spend_last_90_days and b spend_previous_90_days: 1 where everything "
        "was paid lately, 0 where as much as before, -1 where nothing was paid lately.",
        LAST_180,
        "from -1 to 1",
        PAID,
        "10 paid lately, 30 before: (10 - 30) / 40 = -0.5",
        undefined="empty where nothing was paid in either window",
    ),
    FeatureDefinition(
        "smallest_order_value",
        "What was paid for the cheapest purchase.",
        ALWAYS,
        MONEY,
        PAID,
        "orders of 10 and 30: 10",
        undefined=NO_AMOUNT,
    ),
    FeatureDefinition(
        "largest_order_value",
        "What was paid for the dearest purchase.",
        ALWAYS,
        MONEY,
        PAID,
        "orders of 10 and 30: 30",
        undefined=NO_AMOUNT,
    ),
    FeatureDefinition(
        "latest_order_score",
        "100 v / (v + m), where v is what was paid per purchase on the latest buying day and m "
        "average_order_value. 50 is as usual. All purchases of that day count, so that none of them has to "
        "be chosen as the latest.",
        ALWAYS,
        POINTS,
        PAID,
        "30 paid on each of two days, then 60: 100 x 60 / (60 + 40) = 60",
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
        "latest_gap_score",
        "100 g / (g + m), where g is latest_gap_days and m the mean gap between buying days. 50 is as "
        "usual; above it the customer slowed down.",
        ALWAYS,
        POINTS,
        (),
        "purchases on 1, 5 and 11 March: 100 x 6 / (6 + 5) = 54.5",
        undefined=ONE_DAY,
    ),
    FeatureDefinition(
        "overdue_score",
        "100 d / (d + m), where d is the number of days since the latest purchase and m the mean gap "
        "between buying days. Above 50 the next purchase is overdue by the customer's own pace; 67 is a "
        "silence of twice the usual gap, 75 of three times.",
        ALWAYS,
        POINTS,
        (),
        "purchases on 1, 5 and 11 March, as_of 21 March: 100 x 10 / (10 + 5) = 66.7",
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
