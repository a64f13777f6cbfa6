"""The features of purchase logs the plain ways: hand-written SQL for DuckDB, and vectorised pandas."""

READ_EIGHT = (
    "read_csv('{path}', header = true, columns = {{'customer_id': 'VARCHAR', 'event_date': 'DATE', "
    "'amount': 'DOUBLE', "
    "'event_type': 'VARCHAR'}})"
)
READ_ALL = (
    "read_csv('{path}', header = true, columns = {{'customer_id': 'VARCHAR', 'event_at': 'TIMESTAMP', "
    "'amount': 'DOUBLE', 'event_type': 'VARCHAR', 'product': 'VARCHAR', 'category': 'VARCHAR', 'quantity': "
    "'DOUBLE', "
    "'discount': 'DOUBLE'}})"
)

FULL_SQL = """
WITH e AS (
    SELECT *, CAST(event_at AS DATE) AS day, DATE '{as_of}' - CAST(event_at AS DATE) AS ago FROM bought
), gaps AS (
    SELECT customer_id, max(gap) AS longest, stddev_pop(gap) AS deviation, avg(gap) AS mean FROM (
        SELECT customer_id, day - lag(day) OVER (PARTITION BY customer_id ORDER BY day) AS gap FROM e
    ) GROUP BY customer_id
), favourite AS (
    SELECT customer_id, category FROM (
        SELECT customer_id, category,
            row_number() OVER (PARTITION BY customer_id ORDER BY count(*) DESC, category) AS place
        FROM e GROUP BY customer_id, category
    ) WHERE place = 1
), products AS (
    SELECT customer_id, 100.0 * count(*) FILTER (WHERE days > 1) / count(*) AS repeated FROM (
        SELECT customer_id, product, count(DISTINCT day) AS days FROM e GROUP BY customer_id, product
    ) GROUP BY customer_id
), base AS (
    SELECT customer_id, min(ago) AS latest, max(ago) AS first, count(*) AS n, sum(amount) AS spend,
        count(DISTINCT category) AS categories, count(DISTINCT date_trunc('month', day)) AS months,
        avg((isodow(day) >= 6)::INT) AS weekend, avg((hour(event_at) >= 18)::INT) AS evening,
        sum(CASE WHEN ago <= 90 THEN 1 - (ago - 1) // 30 END) AS slope_3,
        sum(CASE WHEN ago <= 180 THEN 5 - 2 * ((ago - 1) // 30) END) AS slope_6,
        count(*) FILTER (WHERE quarter(day) = 1) AS q1, count(*) FILTER (WHERE quarter(day) = 2) AS q2,
        count(*) FILTER (WHERE quarter(day) = 3) AS q3, count(*) FILTER (WHERE quarter(day) = 4) AS q4,
        sum(quantity) / count(*) AS items, avg((discount > 0)::INT) AS discounted
    FROM e GROUP BY customer_id
)
SELECT customer_id, latest AS days_since_last_purchase, n AS total_purchase_count,
    spend / n AS average_order_value,
    spend AS total_lifetime_spend, first AS days_since_first_purchase, 30.0 * n / greatest(first, 30) AS
    purchase_velocity, coalesce((first - latest) / nullif(n - 1, 0), latest) AS avg_days_between_purchases,
    coalesce(slope_3, 0) / 2 AS trend_last_3_months, coalesce(slope_6, 0) / 35 AS trend_last_6_months,
    categories AS number_of_product_categories, favourite.category AS favorite_category,
    repeated AS percent_repeat_products, weekend AS weekend_purchase_ratio, evening AS evening_purchase_ratio,
    months AS months_active, coalesce(longest, latest) AS longest_gap_between_purchases,
    CASE WHEN n >= 3 AND first > latest THEN 100 / (1 + deviation / mean) ELSE 0 END AS consistency_score,
    CASE greatest(q1, q2, q3, q4) WHEN q1 THEN 'Q1' WHEN q2 THEN 'Q2' WHEN q3 THEN 'Q3' ELSE 'Q4' END
        AS seasonality_preference,
    floor(100 * percent_rank() OVER (ORDER BY spend)) AS percentile_rank_by_spend,
    spend / n * 365 * n / greatest(first, 30) * pow(coalesce((first - latest) / nullif(first, 0), 1), n - 1)
        AS customer_lifetime_value_estimate,
    items AS average_items_per_transaction, discounted AS discount_usage_rate
FROM base JOIN gaps USING (customer_id) JOIN favourite USING (customer_id) JOIN products USING (customer_id)
ORDER BY customer_id
"""


def read_with_duckdb(path, columns, read):
    """Parse every cell of the file, and do nothing with it."""
    import duckdb

    cells = ", ".join(f"count({column})" for column in columns)
    duckdb.execute(f"SELECT {cells} FROM {read.format(path=path)}").fetchall()


def full_with_duckdb(path, target, as_of):
    """The full set as somebody who knows SQL writes it, read once into a table."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(
        f"CREATE TEMP TABLE bought AS SELECT * FROM {READ_ALL.format(path=path)} "
        f"WHERE event_at < TIMESTAMP '{as_of}' AND event_type = 'purchase'"
    )
    sql = FULL_SQL.format(as_of=as_of)
    connection.execute(f"COPY ({sql}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")


def eight_with_pandas(path, target, as_of):
    """The eight of S2, column by column."""
    import numpy as np
    import pandas as pd

    cutoff = pd.Timestamp(as_of)
    events = pd.read_csv(path, engine="pyarrow", parse_dates=["event_date"])
    events = events[(events.event_date < cutoff) & (events.event_type != "return")]
    ago = (cutoff - events.event_date).dt.days
    bought = events.event_type == "purchase"
    paid = events.amount.where(bought, 0.0)
    frame = pd.DataFrame(
        {
            "customer_id": events.customer_id, "ago": ago, "bought": bought, "paid": paid,
            "recent_bought": bought & (ago <= 90), "recent_paid": paid.where(ago <= 90, 0.0), "recent": ago
            <= 30, "step": (15.5 - ago).where(ago <= 30, 0.0),
        }
    )  # fmt: skip
    found = frame.groupby("customer_id").agg(
        latest=("ago", "min"), first=("ago", "max"), n=("ago", "size"), bought=("bought", "sum"),
        paid=("paid", "sum"), recent_bought=("recent_bought", "sum"), recent_paid=("recent_paid", "sum"),
        recent=("recent", "sum"), step=("step", "sum"),
    )  # fmt: skip
    result = pd.DataFrame(index=found.index)
    result["recency_score"] = 100 / (1 + found.latest / 30)
    result["frequency_score"] = 100 * found.recent_bought / (found.recent_bought + 6)
    result["monetary_score"] = (20 * np.log10(1 + found.recent_paid)).clip(upper=100)
    result["engagement_score"] = (
        0.4 * result.recency_score + 0.3 * result.frequency_score + 30 * found.recent / (found.recent + 10)
    )
    result["tenure_days"] = found["first"]
    result["activity_trend"] = found.step / 2247.5
    result["avg_transaction_value"] = (found.paid / found.bought).fillna(0)
    gaps = (found["first"] - found.latest) / (found.n - 1)
    result["days_between_transactions"] = gaps.where(found.n > 1, found.latest)
    result.reset_index().to_parquet(target, compression="zstd")


def full_with_pandas(path, target, as_of):
    """The full set, column by column."""
    import numpy as np
    import pandas as pd

    cutoff = pd.Timestamp(as_of)
    events = pd.read_csv(path, engine="pyarrow", parse_dates=["event_at"])
    events = events[(events.event_at < cutoff) & (events.event_type == "purchase")]
    day = events.event_at.dt.normalize()
    ago, month = (cutoff - day).dt.days, day.dt.year * 12 + day.dt.month
    frame = events.assign(
        day=day, ago=ago, month=month, weekend=day.dt.dayofweek >= 5, evening=events.event_at.dt.hour >= 18,
        slope_3=(1 - (ago - 1) // 30).where(ago <= 90, 0), slope_6=(5 - 2 * ((ago - 1) // 30)).where(ago <=
        180, 0), discounted=events.discount > 0, quarter=day.dt.quarter,
    )  # fmt: skip
    grouped = frame.groupby("customer_id")
    found = grouped.agg(
        latest=("ago", "min"), first=("ago", "max"), n=("ago", "size"), spend=("amount", "sum"),
        categories=("category", "nunique"), months=("month", "nunique"), weekend=("weekend", "mean"),
        evening=("evening", "mean"), slope_3=("slope_3", "sum"), slope_6=("slope_6", "sum"),
        items=("quantity", "sum"), discounted=("discounted", "mean"),
    )  # fmt: skip
    rising = frame[["customer_id", "day"]].sort_values(["customer_id", "day"])
    gaps = rising.day.diff().dt.days.where(rising.customer_id == rising.customer_id.shift())
    gaps = gaps.groupby(rising.customer_id).agg(["max", "mean", lambda cells: cells.std(ddof=0)])
    gaps.columns = ["longest", "mean", "deviation"]
    counts = frame.groupby(["customer_id", "category"]).size().reset_index(name="lines")
    counts = counts.sort_values(["customer_id", "lines", "category"], ascending=[True, False, True])
    favourite = counts.drop_duplicates("customer_id").set_index("customer_id").category
    days = frame.groupby(["customer_id", "product"]).day.agg(["min", "max"])
    repeated = 100 * (days["min"] < days["max"]).groupby("customer_id").mean()
    quarters = frame.groupby(["customer_id", "quarter"]).size().unstack(fill_value=0)
    n, first, latest, spend = found.n, found["first"], found.latest, found.spend
    result = pd.DataFrame(
        {
            "days_since_last_purchase": latest, "total_purchase_count": n, "average_order_value": spend / n,
            "total_lifetime_spend": spend, "days_since_first_purchase": first,
            "purchase_velocity": 30 * n / first.clip(lower=30),
            "avg_days_between_purchases": ((first - latest) / (n - 1)).where(n > 1, latest),
            "trend_last_3_months": found.slope_3 / 2, "trend_last_6_months": found.slope_6 / 35,
            "number_of_product_categories": found.categories, "favorite_category": favourite,
            "percent_repeat_products": repeated, "weekend_purchase_ratio": found.weekend,
            "evening_purchase_ratio": found.evening, "months_active": found.months,
            "longest_gap_between_purchases": gaps.longest.fillna(latest),
            "consistency_score": (100 / (1 + gaps.deviation / gaps["mean"])).where((n >= 3) & (first >
            latest), 0), "seasonality_preference": "Q" + quarters.idxmax(axis=1).astype(str),
            "percentile_rank_by_spend": np.floor(100 * (spend.rank(method="min") - 1) / max(len(spend) - 1,
            1)), "customer_lifetime_value_estimate": (
                spend / n * 365 * n / first.clip(lower=30) * ((first - latest) / first).fillna(1) ** (n - 1)
            ),
            "average_items_per_transaction": found["items"] / n, "discount_usage_rate": found.discounted,
        }
    )  # fmt: skip
    result.reset_index().to_parquet(target, compression="zstd")
