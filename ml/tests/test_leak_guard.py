from datetime import datetime, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest

from ml.evaluation.leaks import single_column_auc
from ml.logs.features.catalogue import FEATURE_SETS, PERCENTILE
from ml.logs.features.engine import compute_features
from ml.logs.features.terms import open_events
from ml.logs.leak_guard import MUTATIONS, LeakAfterCutoff, check_features
from ml.tests.purchase_logs import make_events, read_rows, write_events

CUTOFFS = (datetime(2023, 6, 1), datetime(2023, 9, 15, 17, 20), datetime(2023, 12, 31))


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return write_events(tmp_path_factory.mktemp("log") / "events.parquet", make_events())


@pytest.mark.parametrize("as_of", CUTOFFS, ids=str)
@pytest.mark.parametrize("feature_set", FEATURE_SETS)
def test_no_registered_feature_knows_the_future(log, feature_set, as_of):
    report = check_features(log, as_of=as_of, feature_set=feature_set)

    assert report.customers == 20
    assert report.mutations == MUTATIONS
    # The rank follows from the spends of all, which are examined in its place.
    expected = {feature.name for feature in FEATURE_SETS[feature_set]} - {PERCENTILE}
    assert set(report.features) - {"spend_micros"} == expected


def test_no_rank_knows_the_future(tmp_path):
    events, as_of = make_events(), CUTOFFS[1]
    later = [event for event in events if event["event_at"] >= as_of]
    invented = [event | {"amount": 1e6, "event_at": event["event_at"] + timedelta(days=1)} for event in later]
    ranks = []
    for number, known in enumerate(
        (events, [event for event in events if event not in later], events + invented)
    ):
        log = write_events(tmp_path / f"events-{number}.parquet", known)
        compute_features(log, as_of=as_of, feature_set="retail_v1", target=tmp_path / "features.parquet")
        ranks.append(read_rows(tmp_path / "features.parquet"))

    assert ranks[0] == ranks[1] == ranks[2]


@pytest.mark.parametrize(
    ("leak", "mutation"),
    [
        (lambda events, as_of: events.event_at <= as_of, "invented"),
        (lambda events, as_of: events.event_at < as_of + ibis.interval(days=30), "deleted"),
        (lambda events, as_of: ibis.literal(True), "deleted"),
    ],
    ids=["includes the cutoff", "a month further", "everything"],
)
def test_names_the_feature_that_leaks(log, leak, mutation):
    def build(*, columns, has_time, as_of):
        events = open_events(columns)
        cutoff = ibis.literal(as_of)
        return events.group_by("customer_id").agg(
            honest=events.count(where=events.event_at < cutoff),
            leaking=events.count(where=leak(events, cutoff)),
        )

    with pytest.raises(LeakAfterCutoff, match="leaking knows what happens after the cutoff") as caught:
        check_features(log, as_of=CUTOFFS[0], build=build)
    assert (caught.value.feature, caught.value.mutation) == ("leaking", mutation)
    assert caught.value.code == "LEAK_AFTER_CUTOFF"


def test_names_a_feature_that_only_looks_at_when_the_future_is(log):
    def build(*, columns, has_time, as_of):
        events = open_events(columns)
        return events.group_by("customer_id").agg(
            honest=events.count(where=events.event_at < ibis.literal(as_of)), latest=events.event_at.max()
        )

    with pytest.raises(LeakAfterCutoff) as caught:
        check_features(log, as_of=CUTOFFS[0], build=build)
    assert caught.value.feature == "latest"


def test_blocks_and_warns_by_the_auc_of_one_column():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 4_000)
    frame = pd.DataFrame(
        {
            "answer": y + rng.normal(0, 0.2, y.size),
            "opposite": -y,
            "strong": y + rng.normal(0, 0.5, y.size),
            "noise": rng.normal(size=y.size),
            "empty where churned": np.where(y == 1, np.nan, rng.normal(size=y.size)),
            "segment": np.where(y == 1, "gone", "here"),
            "constant": "same",
            "region": rng.choice(["north", "south"], y.size),
            "name": [f"customer {number}" for number in range(y.size)],
        }
    )

    found = {one.column: one for one in single_column_auc(frame, y)}

    verdicts = {name: one.verdict for name, one in found.items()}
    assert verdicts == {
        "answer": "blocks", "opposite": "blocks", "empty where churned": "blocks", "segment": "blocks",
        "strong": "warns", "noise": "fine", "constant": "fine", "region": "fine",
        "name": "fine",
    }  # fmt: skip
    assert max(found[name].auc for name in ("constant", "region", "name")) < 0.53
