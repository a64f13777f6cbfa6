from datetime import UTC, date, datetime

import pytest

from ml.logs.features.catalogue import FEATURE_SETS, PERCENTILE
from ml.logs.features.engine import compute_features, compute_one, write_csv
from ml.logs.features.logs import CsvLog
from ml.tests.purchase_logs import FULL, PLAIN, events_of, make_events, read_rows, work_out, write_events

AS_OF = datetime(2023, 12, 1)
SETS = tuple(FEATURE_SETS)


@pytest.fixture(scope="module")
def events():
    return make_events()


@pytest.fixture(scope="module")
def log(events, tmp_path_factory):
    return write_events(tmp_path_factory.mktemp("log") / "events.parquet", events)


@pytest.mark.parametrize("columns", [FULL, PLAIN], ids=["orders", "rows"])
@pytest.mark.parametrize("as_of", [AS_OF, datetime(2023, 7, 15, 13, 30)], ids=["midnight", "noon"])
@pytest.mark.parametrize("feature_set", SETS)
def test_agrees_with_plain_loops(events, tmp_path, feature_set, as_of, columns):
    log = write_events(tmp_path / "events.parquet", events, columns=columns)

    report = compute_features(log, as_of=as_of, feature_set=feature_set, target=tmp_path / "features.parquet")

    found = read_rows(tmp_path / "features.parquet")
    assert report.rows == len(found) > 40
    for customer, row in found.items():
        expected = work_out(events_of(events, customer), as_of=as_of, columns=columns)
        for name, value in row.items():
            if isinstance(value, float):
                assert value == pytest.approx(expected[name], rel=1e-9, abs=1e-9), (customer, name)
            elif name != PERCENTILE:
                assert value == expected[name], (customer, name)


@pytest.mark.parametrize("feature_set", SETS)
def test_gives_one_customer_bit_for_bit_what_the_batch_gives(events, log, tmp_path, feature_set):
    report = compute_features(log, as_of=AS_OF, feature_set=feature_set, target=tmp_path / "features.parquet")

    for customer, row in read_rows(tmp_path / "features.parquet").items():
        alone = compute_one(
            events_of(events, customer), as_of=AS_OF, feature_set=feature_set, columns=report.columns,
            has_time=report.has_time, cuts=report.cuts,
        )  # fmt: skip
        assert [repr(value) for value in alone.values()] == [repr(value) for value in row.values()], customer


@pytest.mark.parametrize("feature_set", SETS)
def test_gives_the_same_rows_whatever_the_buckets_and_threads(log, tmp_path, feature_set):
    whole, parted = tmp_path / "whole.parquet", tmp_path / "parted.parquet"

    compute_features(log, as_of=AS_OF, feature_set=feature_set, target=whole, threads=1)
    report = compute_features(log, as_of=AS_OF, feature_set=feature_set, target=parted, buckets=7, threads=2)

    assert report.buckets > 1
    assert repr(read_rows(whole)) == repr(read_rows(parted))


@pytest.mark.parametrize("feature_set", ["retail_v1", "retail_v2"])
def test_leaves_absent_what_the_log_has_no_column_for(events, tmp_path, feature_set):
    log = write_events(tmp_path / "events.parquet", events, columns=PLAIN, has_time=False)

    report = compute_features(log, as_of=AS_OF, feature_set=feature_set, target=tmp_path / "features.parquet")

    assert set(report.absent) == {
        "number_of_product_categories", "favorite_category", "percent_repeat_products",
        "evening_purchase_ratio", "average_items_per_transaction", "discount_usage_rate",
    }  # fmt: skip
    assert report.absent["evening_purchase_ratio"] == "The log has dates without times of day."
    assert report.absent["favorite_category"] == "The log has no column category."
    assert not set(report.absent) & set(next(iter(read_rows(tmp_path / "features.parquet").values())))


def test_gives_with_windows_bit_for_bit_what_it_gives_without(log, tmp_path):
    for feature_set in ("retail_v1", "retail_v2"):
        compute_features(
            log, as_of=AS_OF, feature_set=feature_set, target=tmp_path / f"{feature_set}.parquet"
        )

    plain, windowed = (read_rows(tmp_path / f"{name}.parquet") for name in ("retail_v1", "retail_v2"))
    names = [feature.name for feature in FEATURE_SETS["retail_v1"]]
    assert list(windowed) == list(plain)
    for customer, row in plain.items():
        assert [repr(windowed[customer][name]) for name in names] == [repr(row[name]) for name in names]


def test_says_which_feature_needs_the_other_customers(events):
    alone = compute_one(events_of(events, "C001"), as_of=AS_OF, feature_set="retail_v1")

    assert PERCENTILE not in alone


def test_reads_a_csv_under_its_own_headers(events, tmp_path):
    import pyarrow.csv
    import pyarrow.parquet as pq

    log = write_events(tmp_path / "events.parquet", events, columns=PLAIN)
    table = pq.read_table(log).rename_columns(["who", "event, date", "paid", "kind"])
    pyarrow.csv.write_csv(table, tmp_path / "events.csv")
    headers = {"customer_id": "who", "event_at": "event, date", "amount": "paid", "event_type": "kind"}

    for source, name in ((log, "parquet"), (CsvLog(tmp_path / "events.csv", headers), "csv")):
        compute_features(source, as_of=AS_OF, feature_set="rfm_v2", target=tmp_path / f"from-{name}.parquet")

    assert read_rows(tmp_path / "from-csv.parquet") == read_rows(tmp_path / "from-parquet.parquet")


def test_takes_an_aware_cutoff_in_utc(events):
    naive, aware = (
        compute_one(events_of(events, "C001"), as_of=as_of, feature_set="rfm_v2")
        for as_of in (AS_OF, AS_OF.replace(tzinfo=UTC))
    )

    assert naive == aware


def test_refuses_a_cutoff_before_everything(log, events, tmp_path):
    with pytest.raises(ValueError, match="No customer has an event before 2020-01-01"):
        compute_features(
            log, as_of=date(2020, 1, 1), feature_set="rfm_v2", target=tmp_path / "features.parquet"
        )
    assert not list(tmp_path.glob("feat*"))

    with pytest.raises(ValueError, match="no event before"):
        compute_one(events_of(events, "C001"), as_of=date(2020, 1, 1), feature_set="rfm_v2")


@pytest.mark.parametrize("amount", [1e13, float("nan"), float("inf")])
def test_refuses_amounts_that_cannot_be_counted(events, tmp_path, amount):
    log = write_events(
        tmp_path / "events.parquet", [*events, events[0] | {"event_type": "purchase", "amount": amount}]
    )

    with pytest.raises(ValueError, match="cannot be counted"):
        compute_features(
            log, as_of=date(2024, 12, 1), feature_set="rfm_v2", target=tmp_path / "features.parquet"
        )


def test_says_which_event_of_a_request_is_broken():
    good = {"event_at": "2024-01-15", "amount": 3}

    for broken, said in (
        ({"event_at": "15/01/2024", "amount": 3}, "Event 2: event_at '15/01/2024' is no date"),
        ({"event_at": "2024-01-15", "amount": "much"}, "Event 2: amount must be a number"),
        ({"event_at": "2024-01-15"}, "Event 2 is a purchase without an amount"),
    ):
        with pytest.raises(ValueError, match=said):
            compute_one([good, broken], as_of=date(2024, 2, 1), feature_set="rfm_v2")


def test_writes_the_csv_for_people(log, tmp_path):
    compute_features(log, as_of=AS_OF, feature_set="rfm_v2", target=tmp_path / "features.parquet")

    rows = write_csv(tmp_path / "features.parquet", tmp_path / "features.csv")

    lines = (tmp_path / "features.csv").read_text().splitlines()
    assert lines[0].startswith("customer_id,recency_score,frequency_score")
    assert len(lines) == rows + 1


def test_reports_progress_bucket_by_bucket(log, tmp_path):
    seen = []

    compute_features(
        log, as_of=AS_OF, feature_set="rfm_v2", target=tmp_path / "features.parquet", buckets=3,
        on_progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip

    assert seen == [(1, 3), (2, 3), (3, 3)]
