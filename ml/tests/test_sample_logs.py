import csv
import io
from datetime import date

import numpy as np
import pytest

from ml.samples.sample_logs import CORE, TRADES, make_sample_log


def rows_of(slug, **options):
    return list(csv.DictReader(io.StringIO(make_sample_log(slug, **options).decode())))


@pytest.mark.parametrize("slug", TRADES)
def test_the_same_seed_gives_the_same_bytes(slug):
    assert make_sample_log(slug, customers=20) == make_sample_log(slug, customers=20)
    assert make_sample_log(slug, customers=20) != make_sample_log(slug, customers=20, seed=7)


@pytest.mark.parametrize("slug", TRADES)
def test_a_log_has_the_columns_that_programs_send_and_is_sorted_by_time(slug):
    rows = rows_of(slug, customers=20)

    assert tuple(rows[0])[:4] == (CORE if TRADES[slug].amount else CORE[:2])
    assert ("churn_label" in rows[0]) == TRADES[slug].labelled
    assert [row["event_date"] for row in rows] == sorted(row["event_date"] for row in rows)


def test_who_leaves_comes_less_often_and_spends_less_before():
    trade = TRADES["coffee_shop"]
    gaps, amounts = [], []
    visits = {}
    for row in rows_of("coffee_shop", customers=400):
        visits.setdefault(row["customer_id"], []).append(row)
    for rows in visits.values():
        days = [date.fromisoformat(row["event_date"]).toordinal() for row in rows]
        silent = trade.first_day.date().toordinal() + trade.days - days[-1]
        # Silent for so long that there is no doubt, and seen often enough before.
        if silent > 90 and len(rows) > 12:
            gaps.append(np.mean(np.diff(days[-4:])) / np.mean(np.diff(days[:8])))
            money = [float(row["amount"]) for row in rows]
            amounts.append(np.mean(money[-2:]) / np.mean(money[:6]))

    assert len(gaps) > 50
    assert np.median(gaps) > 1.2
    assert np.median(amounts) < 0.9


def test_every_line_of_a_customer_has_the_same_label_and_both_outcomes_occur():
    labels = {}
    for row in rows_of("subscription", customers=300):
        labels.setdefault(row["customer_id"], set()).add(row["churn_label"])

    assert all(len(found) == 1 for found in labels.values())
    assert {"0", "1"} == set.union(*labels.values())


def test_an_unknown_log_is_refused_with_the_known_names():
    with pytest.raises(ValueError, match="coffee_shop, ecommerce, subscription, gym"):
        make_sample_log("bakery")
