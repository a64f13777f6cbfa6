from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.urls import reverse

from tabular.errors import KINDS, TableError
from tabular.logs.events import import_events
from tabular.logs.mapping import freeze, guess_mapping
from tabular.previews.preview import preview_table
from transactions.presenting.samples import BAD, GOOD, SAMPLES, sample_file

TODAY = datetime(2026, 3, 2, tzinfo=UTC)
AT_STAGE = {
    stage: [sample for sample in BAD if sample.stage == stage] for stage in ("upload", "columns", "rows")
}


def named(sample):
    return sample.name


def preview_of(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(sample_file(name))
    return path, preview_table(path)


def read(name, tmp_path):
    path, preview = preview_of(name, tmp_path)
    spec = freeze(preview, {role: guess.column for role, guess in guess_mapping(preview).items()})
    return import_events(
        path, spec, events_path=tmp_path / "events.parquet", rejects_path=tmp_path / "rejects.csv", now=TODAY
    )


@pytest.mark.parametrize("sample", GOOD, ids=named)
def test_a_good_log_is_read_to_its_last_row_without_a_question(sample, tmp_path):
    report = read(sample.name, tmp_path)

    assert report.rejected == 0
    assert report.accepted == report.rows_in > 500
    assert report.customers > 100


@pytest.mark.parametrize("sample", AT_STAGE["upload"], ids=named)
def test_a_file_that_cannot_be_looked_at_is_refused_with_its_kind(sample, tmp_path):
    with pytest.raises(TableError) as refused:
        preview_of(sample.name, tmp_path)

    assert refused.value.kind == sample.kind


@pytest.mark.parametrize("sample", AT_STAGE["columns"], ids=named)
def test_columns_that_cannot_mean_that_are_refused_with_their_kind(sample, tmp_path):
    _, preview = preview_of(sample.name, tmp_path)
    wanted = {"customer_id": "customer_id", "event_at": "event_date", "amount": "amount"}

    with pytest.raises(TableError) as refused:
        freeze(preview, {role: name for role, name in wanted.items() if name in preview.header})

    assert refused.value.kind == sample.kind


@pytest.mark.parametrize("sample", AT_STAGE["rows"], ids=named)
def test_rows_that_say_nothing_are_left_out_by_their_kind(sample, tmp_path):
    report = read(sample.name, tmp_path)

    if sample.kind == "label_conflict":
        assert report.label_conflicts > 0
    else:
        assert set(report.rejected_by_reason) == {sample.kind}
        assert 0 < report.rejected < report.rows_in / 2


def test_every_kind_is_shown_once_and_known():
    kinds = [sample.kind for sample in BAD]

    assert len(kinds) == len(set(kinds))
    assert set(kinds) <= KINDS


def test_the_command_writes_the_same_bytes_as_the_page(tmp_path, capsys):
    call_command("make_samples", to=str(tmp_path / "new"))

    assert {path.name for path in (tmp_path / "new").iterdir()} == set(SAMPLES)
    assert (tmp_path / "new" / "coffee_shop.csv").read_bytes() == sample_file("coffee_shop.csv")


@pytest.mark.django_db
def test_a_member_finds_and_downloads_them(client, user):
    client.force_login(user)
    session = client.session
    session["portal"] = "user"
    session.save()

    page = client.get(reverse("transactions:samples", args=("user",)))
    file = client.get(reverse("transactions:sample", args=("user", "bad_empty.csv")))
    other = client.get(reverse("transactions:sample", args=("user", "no-such.csv")))

    assert page.status_code == 200
    assert all(name in page.content.decode() for name in SAMPLES)
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert b"".join(file) == b""
    assert other.status_code == 404
