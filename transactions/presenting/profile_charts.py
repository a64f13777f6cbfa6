"""The pictures of a profile. Each is described once, and drawn by plotly on the page or as SVG in the report.

A `Chart` knows its numbers, so that the table beside it cannot say anything else.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import partial

import plotly.graph_objects as go

from core.charts import DASHES, GUIDE, SERIES, embed
from core.templatetags.core_tags import percent, thousands
from ml.logs.visits import is_of_visits, say_visits
from transactions.presenting.pictures import draw_svg

BARS, LINES, ROWS = "bars", "lines", "rows"
DASH = "\u2013"
MOST_TICKS = 12
LONGEST_AT_AXIS = 20


@dataclass(frozen=True)
class Series:
    """One sequence of numbers; `is_share` says that they are fractions, `places` how many decimals count."""

    name: str
    values: list
    is_share: bool = False
    places: int = 0

    def text(self, value) -> str:
        return percent(value) if self.is_share else thousands(value, self.places)


@dataclass(frozen=True)
class Chart:
    """One picture and its table.

    Parameters
    ----------
    name
        Unique on its page.
    title, sub
        What it finds, and what it shows.
    kind
        ``bars`` (upright, stacked), ``lines``, or ``rows`` (bars that lie, for names).
    labels
        One for each value, as text, or numbers and dates for lines.
    series
        Drawn, and in the table.
    across, up
        Names of the axes, with units.
    marks
        Places on the axis that are named: (label, text).
    told
        Columns that only the table has.
    """

    name: str
    title: str
    sub: str
    kind: str
    labels: list
    series: tuple[Series, ...]
    across: str
    up: str
    marks: tuple[tuple, ...] = ()
    told: tuple[Series, ...] = ()

    @property
    def figure(self) -> dict:
        return embed(self._plot())

    @property
    def svg(self) -> str:
        return draw_svg(self)

    @property
    def header(self) -> list[str]:
        first = self.up if self.kind == ROWS else self.across
        return [first, *(series.name for series in (*self.series, *self.told))]

    @property
    def rows(self) -> list[list[str]]:
        columns = (*self.series, *self.told)
        return [
            [str(label), *(series.text(series.values[place]) for series in columns)]
            for place, label in enumerate(self.labels)
        ]

    def _plot(self):
        figure = go.Figure()
        is_share = self.series[0].is_share
        for place, series in enumerate(self.series):
            look = {"name": series.name, "customdata": [series.text(value) for value in series.values]}
            if self.kind == LINES:
                figure.add_scatter(
                    x=self.labels,
                    y=series.values,
                    mode="lines",
                    line={"color": SERIES[place].light, "dash": DASHES[place]},
                    hovertemplate=f"%{{x}}<br>{series.name}: %{{customdata}}<extra></extra>",
                    **look,
                )
            elif self.kind == BARS:
                figure.add_bar(
                    x=self.labels,
                    y=series.values,
                    marker={"color": SERIES[place].light, "pattern": {"shape": ("", "/")[place % 2]}},
                    hovertemplate=f"%{{x}}<br>{series.name}: %{{customdata}}<extra></extra>",
                    **look,
                )
            else:
                figure.add_bar(
                    x=series.values[::-1],
                    y=self.labels[::-1],
                    orientation="h",
                    marker={"color": SERIES[place].light},
                    hovertemplate=f"%{{y}}<br>{series.name}: %{{customdata}}<extra></extra>",
                    **(look | {"customdata": look["customdata"][::-1]}),
                )
        numbers = "x" if self.kind == ROWS else "y"
        figure.update_layout(
            {
                "barmode": "stack",
                "showlegend": len(self.series) > 1,
                f"{numbers}axis": {"title": {"text": self.across if self.kind == ROWS else self.up}},
            }
        )
        if self.kind != ROWS:
            # Labels such as "6-10" or "2024-01" would be taken for numbers and dates.
            kind = {} if self.kind == LINES else {"type": "category"}
            figure.update_xaxes(title_text=self.across, nticks=MOST_TICKS, **kind)
            figure.update_yaxes(rangemode="tozero")
        else:
            # A long name would leave no room for its bar in a narrow window; the bar tells all of it.
            shown = [_short(label, LONGEST_AT_AXIS) for label in self.labels]
            figure.update_yaxes(type="category", tickvals=self.labels, ticktext=shown)
        if is_share:
            figure.update_layout({f"{numbers}axis": {"tickformat": ".0%"}})
        for at, text in self.marks:
            figure.add_vline(x=at, line=GUIDE, annotation_text=text, annotation_position="top right")
        return figure


def list_charts(profile: dict, money: str) -> dict[str, Chart]:
    """Return the charts of a profile by name, amounts in `money`; those without numbers are left out."""
    if not profile["transactions"]["purchases"]:
        return {}
    makers = (
        *(_weekly, partial(_monthly, money=money), _weekdays, _hours, _season),
        *(partial(_amounts, money=money), _frequency, _lifetimes, _new_customers),
        *(_products, _diversity, _gap_lengths, gap_curve, churn_rates),
    )
    charts = [_worded(chart, profile) for make in makers if (chart := make(profile))]
    return {chart.name: chart for chart in charts}


def list_definition_charts(profile: dict, impact: list[dict], chosen: int) -> list[Chart]:
    """Return what shows how long customers stay away, and what each threshold would mean."""
    charts = (gap_curve(profile), churn_rates(profile, impact, chosen))
    return [_worded(chart, profile) for chart in charts if chart]


def _worded(chart, profile):
    """Return the chart of a log of visits with its words."""
    if not is_of_visits(row["column"] for row in profile["schema"] if row["there"]):
        return chart
    said = {name: say_visits(getattr(chart, name)) for name in ("title", "sub", "across", "up")}
    columns = {
        name: tuple(replace(series, name=say_visits(series.name)) for series in getattr(chart, name))
        for name in ("series", "told")
    }
    return replace(chart, **said, **columns)


def _revenue_of(rows):
    """Return the column of what was earned; none of a log without amounts."""
    if not rows or "revenue" not in rows[0]:
        return ()
    return (Series("Revenue", [row["revenue"] for row in rows], places=2),)


def gap_curve(profile):
    """Share of gaps longer than d days, with the elbow."""
    gaps, suggestion = profile["churn"]["gaps"], profile["churn"]["suggestion"]
    if not gaps["gaps"]:
        return None
    shown = min(len(gaps["longer_than"]), max(2 * (suggestion["days"] or 0), gaps["quantiles"]["99"]) + 1)
    elbow = gaps["elbow_days"]
    return Chart(
        name="gaps",
        title=f"Most customers who come back do so within {elbow} days",
        sub="Share of gaps between two buying days of a customer that are longer; the elbow is marked",
        kind=LINES,
        labels=list(range(shown)),
        series=(Series("Gaps that are longer", gaps["longer_than"][:shown], is_share=True),),
        across="Days since the purchase before",
        up="Share of gaps that are longer",
        marks=((elbow, f"elbow: {elbow} days"),),
    )


def churn_rates(profile, impact=None, chosen=None):
    """Churn rate by threshold."""
    rows = [
        row for row in impact or profile["churn"]["impact"] if row["churn_rate"] is not None and row["fits"]
    ]
    if not rows:
        return None
    chosen = chosen or profile["churn"]["suggestion"]["days"]
    shown = next((row for row in rows if row["days"] == chosen), rows[-1])
    return Chart(
        name="churn-rates",
        title=f"With {shown['days']} days {percent(shown['churn_rate'])} of the active customers are lost",
        sub="Churn rate by threshold, at the latest cutoff whose outcome the log already knows",
        kind=LINES,
        labels=[row["days"] for row in rows],
        series=(Series("Churn rate", [row["churn_rate"] for row in rows], is_share=True),),
        told=(
            Series("Churned", [row["churned"] for row in rows]),
            Series("Scorable customers", [row["scorable"] for row in rows]),
            Series("Lapsed already", [row["lapsed"] for row in rows]),
        ),
        across="Horizon, days without a purchase",
        up="Churn rate",
        marks=((shown["days"], f"{shown['days']} days"),),
    )


def _weekly(profile):
    weeks = [row for row in profile["time"]["weekly"] if row["whole"]]
    if len(weeks) < 2:
        return None
    return Chart(
        name="weekly",
        title=profile["time"]["trend"]["sentence"].removesuffix("."),
        sub="Purchases in each whole week, by its Monday",
        kind=LINES,
        labels=[row["day"] for row in weeks],
        series=(Series("Purchases", [row["purchases"] for row in weeks]),),
        told=_revenue_of(weeks),
        across="Week",
        up="Purchases a week",
    )


def _monthly(profile, *, money):
    months = profile["time"]["monthly"]
    revenue, purchases = _revenue_of(months), (Series("Purchases", [row["purchases"] for row in months]),)
    best = max(months, key=lambda row: row["revenue" if revenue else "purchases"])
    what = f"Revenue of purchases in each month, in {money}" if revenue else "Purchases in each month"
    return Chart(
        name="monthly",
        title=f"The best month was {dt.date.fromisoformat(best['day']):%B %Y}",
        sub=f"{what}; * the log covers a part of it",
        kind=BARS,
        labels=[row["day"][:7] + ("" if row["whole"] else " *") for row in months],
        series=revenue or purchases,
        told=purchases if revenue else (),
        across="Month",
        up="Revenue" if revenue else "Purchases",
    )


def _weekdays(profile):
    found = profile["time"]["weekdays"]
    title = "Weekdays differ no more than chance explains"
    if found["p_value"] is None:
        needed, weeks = found["weeks_needed"], found["weeks"]
        title = f"Which weekdays are busiest needs {needed} whole weeks; the log has {weeks}"
    elif found["differ"]:
        title = f"Most buy on a {found['busiest']}, fewest on a {found['quietest']}"
    return Chart(
        name="weekdays",
        title=title,
        sub="Purchases on an average day",
        kind=BARS,
        labels=[row["weekday"] for row in found["days"]],
        series=(Series("Purchases a day", [row["per_day"] for row in found["days"]], places=1),),
        told=(
            Series("Purchases", [row["purchases"] for row in found["days"]]),
            *_revenue_of(found["days"]),
        ),
        across="Weekday",
        up="Purchases a day",
    )


def _hours(profile):
    hours = profile["time"]["hours"]
    if not hours:
        return None
    busiest = max(hours, key=lambda row: row["purchases"])["hour"]
    return Chart(
        name="hours",
        title=f"The busiest hour begins at {busiest}:00",
        sub="Purchases by hour of the day",
        kind=BARS,
        labels=[f"{row['hour']:02d}" for row in hours],
        series=(Series("Purchases", [row["purchases"] for row in hours]),),
        across="Hour",
        up="Purchases",
    )


def _season(profile):
    """Trend, season and rest of the months where there are three years, else of the days."""
    seasons, time = profile["time"]["seasonality"], profile["time"]
    found = seasons["yearly"] if "observed" in seasons["yearly"] else seasons["weekly"]
    if "observed" not in found:
        return None
    labels = found.get("labels")
    if labels is None:
        latest, days = dt.date.fromisoformat(time["latest_on"]), len(found["observed"])
        labels = [(latest - dt.timedelta(days=days - 1 - number)).isoformat() for number in range(days)]
    parts = (("Purchases", "observed"), ("Trend", "trend"), ("Season", "seasonal"))
    return Chart(
        name="season",
        title=found["sentence"].removesuffix("."),
        sub=f"Purchases a {'month' if 'labels' in found else 'day'}, taken apart by STL: trend, season, rest",
        kind=LINES,
        labels=labels,
        series=tuple(Series(name, found[key], places=1) for name, key in parts),
        told=(Series("Rest", found["rest"], places=1),),
        across="Date",
        up="Purchases",
    )


def _amounts(profile, *, money):
    found = profile["transactions"]
    if "amounts" not in found:
        return None
    return Chart(
        name="amounts",
        title=f"Half of all purchases are below {found['median']:,.2f}",
        sub=f"Purchases by amount, in {money}; the last bar holds all that are larger",
        kind=BARS,
        labels=[_range(_money(row["start"]), _money(row["end"])) for row in found["amounts"]],
        series=(Series("Purchases", [row["count"] for row in found["amounts"]]),),
        across="Amount",
        up="Purchases",
    )


def _frequency(profile):
    customers = profile["customers"]
    return _of_bins(
        profile["transactions"]["frequency"],
        name="frequency",
        title=f"{percent(customers['new_share'], 0)} of the customers bought once",
        sub="Customers by how many purchases they made",
        across="Purchases",
    )


def _lifetimes(profile):
    middle = profile["customers"]["lifetime_median"]
    return _of_bins(
        profile["customers"]["lifetime_days"],
        name="lifetimes",
        title=(
            f"Half of the customers stayed for {middle:,.0f} days or less"
            if middle
            else "Half of the customers, or more, bought on one day only"
        ),
        sub="Customers by the days between their first and their latest purchase",
        across="Days",
    )


def _new_customers(profile):
    months = profile["customers"]["months"]
    if len(months) < 2:
        return None
    returning = sum(row["returning"] for row in months[1:]) / max(
        sum(row["new"] + row["returning"] for row in months[1:]), 1
    )
    return Chart(
        name="new-customers",
        title=f"After the first month {percent(returning, 0)} of the buyers of a month had bought before",
        sub="Buyers of each month: new ones, and those who bought in an earlier month",
        kind=BARS,
        labels=[row["month"] for row in months],
        series=(
            Series("New", [row["new"] for row in months]),
            Series("Returning", [row["returning"] for row in months]),
        ),
        across="Month",
        up="Customers",
    )


def _products(profile):
    products = profile["products"]
    if not products or not products["top"]:
        return None
    top, revenue = products["top"], _revenue_of(products["top"])
    units = Series("Units" if products["has_quantity"] else "Rows", [row["units"] for row in top])
    ranked = revenue or (units,)
    share = f", with {percent(top[0]['revenue_share'] or 0)} of the revenue" if revenue else ""
    return Chart(
        name="products",
        title=f"{_short(top[0]['name'])} {'sells best' if revenue else 'comes first'}{share}",
        sub=f"The {len(top)} with the {'highest revenue' if revenue else f'most {units.name.lower()}'}",
        kind=ROWS,
        labels=[row["name"] for row in top],
        series=ranked,
        told=(
            *((units,) if revenue else ()),
            Series("Customers", [row["customers"] for row in top]),
        ),
        across=ranked[0].name,
        up="Product" if products["named_by"] == "product" else "Category",
    )


def _diversity(profile):
    products = profile["products"]
    if not products or not products["per_customer_mean"]:
        return None
    what = "products" if products["named_by"] == "product" else "categories"
    return _of_bins(
        products["per_customer"],
        name="diversity",
        title=f"{products['per_customer_mean']:,.1f} different {what} per customer on average",
        sub=f"Customers by how many different {what} their purchases name",
        across=f"Different {what}",
    )


def _gap_lengths(profile):
    gaps = profile["churn"]["gaps"]
    if not gaps["gaps"]:
        return None
    bins = [{**row, "end": row["end"] and row["end"] - 1} for row in gaps["histogram"]]
    return _of_bins(
        bins,
        name="gap-lengths",
        title=f"Half of all returns come within {gaps['quantiles']['50']} days",
        sub="Gaps between two buying days of a customer, by their length",
        across="Days",
        up="Gaps",
    )


def _of_bins(bins, *, up="Customers", **options):
    return Chart(
        kind=BARS,
        labels=[_range(row["start"], row["end"]) for row in bins],
        series=(Series(up, [row["count"] for row in bins]),),
        up=up,
        **options,
    )


def _range(start, end):
    if end is None:
        return f"{start:,}+"
    return f"{start:,}" if start == end else f"{start:,}{DASH}{end:,}"


def _money(amount):
    """Drop the decimals of a round amount."""
    return int(amount) if amount is not None and amount == int(amount) else amount


def _short(name, most=32):
    name = str(name)
    return name if len(name) <= most else name[: most - 1] + "…"
