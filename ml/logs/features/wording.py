"""What people call the features of a purchase log, where a page speaks of customers and not of columns."""

LABELS = {
    "recency_score": "score of how lately active",
    "frequency_score": "frequency score",
    "monetary_score": "spending score",
    "engagement_score": "engagement score",
    "tenure_days": "days since the first activity",
    "activity_trend": "trend of activity in 30 days",
    "avg_transaction_value": "mean paid per purchase",
    "days_between_transactions": "mean days between activities",
    "days_since_last_purchase": "days since the latest purchase",
    "total_purchase_count": "number of purchases",
    "average_order_value": "mean paid per purchase",
    "total_lifetime_spend": "total spend",
    "days_since_first_purchase": "days since the first purchase",
    "purchase_velocity": "purchases per 30 days",
    "avg_days_between_purchases": "mean days between purchases",
    "trend_last_3_months": "trend of purchases in 3 months",
    "trend_last_6_months": "trend of purchases in 6 months",
    "number_of_product_categories": "number of categories bought",
    "favorite_category": "favourite category",
    "percent_repeat_products": "percent of products bought again",
    "weekend_purchase_ratio": "share of purchases at weekends",
    "evening_purchase_ratio": "share of purchases in the evening",
    "months_active": "months with a purchase",
    "longest_gap_between_purchases": "days of the longest gap between purchases",
    "consistency_score": "regularity score",
    "seasonality_preference": "quarter with most purchases",
    "percentile_rank_by_spend": "percent of the training's customers who spend less",
    "customer_lifetime_value_estimate": "expected spend in a year",
    "average_items_per_transaction": "mean items per purchase",
    "discount_usage_rate": "share of purchases with a discount",
    "purchases_last_30_days": "purchases in the last 30 days",
    "purchases_last_90_days": "purchases in the last 90 days",
    "purchases_previous_90_days": "purchases in the 90 days before",
    "spend_last_30_days": "spend in the last 30 days",
    "spend_last_90_days": "spend in the last 90 days",
    "spend_previous_90_days": "spend in the 90 days before",
    "spend_change_90_days": "change of spend in 90 days",
    "smallest_order_value": "smallest purchase",
    "largest_order_value": "largest purchase",
    "latest_order_score": "score of the latest purchase",
    "latest_gap_days": "days between the two latest purchases",
    "latest_gap_score": "score of the latest gap",
    "overdue_score": "overdue score",
    "returns_per_purchase": "returns per purchase",
}
# As a customer base keeps the words of its columns.
WORDING = {name: {"label": label} for name, label in LABELS.items()}


def say_feature(name):
    """Return what people call a feature; its name where nobody gave it another.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> say_feature("percentile_rank_by_spend") == "percent of the training's customers who spend less"
    True
    >>> say_feature("tenure")
    'tenure'
    """
    return LABELS.get(name, name)
