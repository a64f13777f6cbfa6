"""Logs of four made-up companies, in which leaving announces itself as it does in real ones."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

# The columns of a purchase log, by the names that programs send, too; one of visits has the first two.
CORE = ("customer_id", "event_date", "amount", "event_type")


@dataclass(frozen=True)
class Trade:
    """How the customers of one kind of company behave.

    Attributes
    ----------
    days : int
        Length of the log.
    horizon_days : int
        Silence of this length means that a customer has left; for the label of a labelled log, what happened
        in so many days after its end.
    gap_days : (float, float)
        Days between two visits: the middle of the customers, and how widely they differ (sigma of the log).
    regularity : float
        Shape of the gamma distribution of one customer's gaps: 1 is pure chance, more is more regular.
    amount : (float, float), optional
        Money of one visit, likewise. None where nobody pays at a visit: the log says who and when.
    leaving : float
        Chance to decide on leaving, per day.
    decline_days : float
        From deciding to the last visit. Gaps grow and amounts shrink all that time.
    slower, cheaper : float
        At the last visit gaps are `slower` times as long, amounts `cheaper` times as high.
    """

    slug: str
    title: str
    customers: int
    days: int
    horizon_days: int
    gap_days: tuple[float, float]
    regularity: float
    amount: tuple[float, float] | None
    leaving: float
    decline_days: float
    slower: float
    cheaper: float
    first_day: datetime
    prefix: str
    labelled: bool = False
    extra: tuple[str, ...] = ()
    logins_per_visit: float = 0.0
    returned: float = 0.0
    products: dict = field(default_factory=dict)


TRADES = {
    trade.slug: trade
    for trade in (
        Trade(
            slug="coffee_shop",
            title="Coffee shop with a loyalty card: a visit every few days, dates without times",
            customers=1_200,
            days=360,
            horizon_days=30,
            gap_days=(3.5, 0.3),
            regularity=3.0,
            amount=(6.4, 0.25),
            leaving=0.009,
            decline_days=14,
            slower=3.0,
            cheaper=0.6,
            first_day=datetime(2024, 1, 1),
            prefix="CARD",
        ),
        Trade(
            slug="ecommerce",
            title="Online grocer: orders with lines, products, discounts and returns, dates with times",
            customers=1_000,
            days=360,
            horizon_days=30,
            gap_days=(4.5, 0.25),
            regularity=4.0,
            amount=(41.0, 0.4),
            leaving=0.0085,
            decline_days=18,
            slower=3.5,
            cheaper=0.5,
            first_day=datetime(2024, 1, 1),
            prefix="SHOP",
            extra=("order_id", "product", "category", "quantity", "discount"),
            returned=0.04,
            products={
                "Fresh": ("Apples", "Tomatoes", "Bread", "Salad"),
                "Pantry": ("Rice", "Pasta", "Olive oil", "Flour"),
                "Drinks": ("Orange juice", "Sparkling water", "Green tea"),
                "Household": ("Soap", "Sponges", "Candles"),
            },
        ),
        Trade(
            slug="subscription",
            title="Subscription: monthly payments and logins, labelled by who left in the 60 days after",
            customers=1_100,
            days=420,
            horizon_days=60,
            gap_days=(30.0, 0.04),
            regularity=60.0,
            amount=(24.0, 0.3),
            leaving=0.0035,
            decline_days=70,
            slower=1.15,
            cheaper=0.75,
            first_day=datetime(2023, 11, 1),
            prefix="SUB",
            labelled=True,
            logins_per_visit=7.0,
        ),
        Trade(
            slug="gym",
            title="Gym: who came in on which day, and nothing about money",
            customers=1_100,
            days=360,
            horizon_days=30,
            # Who comes daily and who comes weekly: silence means something else for each of them.
            gap_days=(4.0, 0.6),
            regularity=8.0,
            amount=None,
            leaving=0.007,
            decline_days=20,
            slower=3.0,
            cheaper=1.0,
            first_day=datetime(2024, 1, 1),
            prefix="GYM",
        ),
    )
}


def make_sample_log(slug, *, customers=None, seed=42):
    """Return a log as CSV, the same bytes whenever the arguments are the same.

    Each customer keeps a pace and a basket of its own. Who is going to leave comes less and less often and
    spends less and less first; the day of the decision is left to chance and written nowhere. In a labelled
    log the last column says who did not pay in the `horizon_days` after the end of the log: an outcome that
    nothing in the log has seen.

    Parameters
    ----------
    slug : str
        A key of `TRADES`.
    customers : int, optional
        By default as many as the trade has.
    seed : int, default 42

    Returns
    -------
    bytes
        UTF-8, comma, a header line, sorted by time.

    Raises
    ------
    ValueError
        The trade is unknown.

    Examples
    --------
    >>> make_sample_log("coffee_shop", customers=3).splitlines()[0].decode()
    'customer_id,event_date,amount,event_type'
    """
    if slug not in TRADES:
        raise ValueError(f"There is no sample log {slug!r}; known are {', '.join(TRADES)}.")
    trade = TRADES[slug]
    rng = np.random.default_rng([seed, *slug.encode()])
    lines, stayed = [], {}
    for number in range(1, (customers or trade.customers) + 1):
        customer = f"{trade.prefix}-{number:05d}"
        visits = _visits(rng, trade)
        days = [day for day, _ in visits]
        latest = max((day for day in days if day < trade.days), default=-np.inf)
        # A company labels the customers whom it still has; who was gone for long is no question any more.
        if trade.labelled and latest < trade.days - trade.horizon_days:
            continue
        stayed[customer] = days[-1] >= trade.days
        for day, mood in visits:
            if day < trade.days:
                lines += _lines_of_visit(rng, trade, customer, day, mood)
    # Two equal lines would look like a mistake.
    lines = list({tuple(line.values()): line for line in lines}.values())
    lines.sort(key=lambda line: (line["event_date"], line["customer_id"]))
    return _as_csv(trade, lines, stayed)


def _visits(rng, trade):
    """Return day and mood (1 as ever, 0 at the end) of each visit, also for some time after the log."""
    middle, spread = trade.gap_days
    gap = middle * np.exp(spread * rng.standard_normal())
    # Some are there from the beginning, the others come over nearly all of the time.
    day = gap * rng.random() if rng.random() < 0.25 else trade.days * 0.95 * rng.random()
    decided = day + rng.exponential(1 / trade.leaving)
    last = decided + trade.decline_days * rng.uniform(0.6, 1.4)
    visits = []
    while day < min(last, trade.days + trade.horizon_days):
        mood = 1 - min(max((day - decided) / (last - decided), 0.0), 1.0)
        visits.append((day, mood))
        pace = gap * (1 + (trade.slower - 1) * (1 - mood))
        # Never twice on a day: without times, two equal lines of one day would look like a mistake.
        day += max(rng.gamma(trade.regularity, pace / trade.regularity), 1.0)
    return visits


def _lines_of_visit(rng, trade, customer, day, mood):
    moment = trade.first_day + timedelta(days=int(day))
    if trade.amount is None:
        return [{"customer_id": customer, "event_date": moment.date().isoformat()}]
    middle, spread = trade.amount
    amount = middle * np.exp(spread * rng.standard_normal()) * (1 - (1 - trade.cheaper) * (1 - mood))
    lines = []
    if trade.products:
        lines += _order(rng, trade, customer, moment, amount)
    else:
        lines.append(_line(customer, moment.date().isoformat(), amount, "purchase"))
    # Whoever loses interest logs in less long before the payment stops.
    count = rng.poisson(trade.logins_per_visit * mood**2) if trade.logins_per_visit else 0
    for days in sorted(set(rng.integers(0, 28, count).tolist())):
        seen = moment + timedelta(days=days)
        if seen < trade.first_day + timedelta(days=trade.days):
            lines.append(_line(customer, seen.date().isoformat(), None, "login"))
    return lines


def _order(rng, trade, customer, moment, amount):
    moment += timedelta(seconds=int(rng.normal(15.5 * 3600, 3.5 * 3600)) % 86_400)
    order = f"{rng.integers(10**7, 10**8)}"
    # A customer's favourite shelf follows from its name, so that it stays the same for life.
    shelves = list(trade.products)
    favourite = sum(customer.encode()) % len(shelves)
    count = 1 + rng.poisson(0.7)
    lines = []
    for share in rng.dirichlet(np.full(count, 3.0)):
        shelf = shelves[favourite if rng.random() < 0.6 else int(rng.integers(len(shelves)))]
        shelf_products = trade.products[shelf]
        quantity = int(1 + rng.poisson(0.6))
        discount = float(rng.choice((0.0, 0.0, 0.0, 0.1, 0.2)))
        lines.append(
            _line(customer, moment.isoformat(sep=" "), max(amount * share, 0.5) * (1 - discount), "purchase")
            | {
                "order_id": order,
                "product": shelf_products[int(rng.integers(len(shelf_products)))],
                "category": shelf,
                "quantity": quantity,
                "discount": f"{discount:.2f}",
            }
        )
    back = moment + timedelta(days=int(rng.integers(2, 12)))
    if rng.random() < trade.returned and back < trade.first_day + timedelta(days=trade.days):
        first = lines[0]
        lines.append(
            first
            | {
                "event_date": back.isoformat(sep=" "),
                "amount": f"-{first['amount']}",
                "event_type": "return",
                "quantity": -first["quantity"],
            }
        )
    return lines


def _line(customer, moment, amount, event_type):
    money = "" if amount is None else f"{amount:.2f}"
    return {"customer_id": customer, "event_date": moment, "amount": money, "event_type": event_type}


def _as_csv(trade, lines, stayed):
    core = CORE if trade.amount else CORE[:2]
    names = [*core, *trade.extra, *(["churn_label"] if trade.labelled else [])]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for line in lines:
        if trade.labelled:
            line["churn_label"] = int(not stayed[line["customer_id"]])
        writer.writerow([line[name] for name in names])
    return text.getvalue().encode()
