"""A table of a company's own is looked at, and what its people say is checked before anything begins."""

from dataclasses import replace

import pytest
from django.core.files.base import ContentFile

from companies.identity import membership
from intake.services.checking import LEAVE_OUT, FileRefused
from intake.services.waiting import REJECTS_SUFFIX, UploadIsGone, find_kept
from registry.tests.factories import NOON
from tabular.snapshots.plan import suggest
from training.services.own_tables import check_choices, find_seen, look_at_table
from training.services.runs import OnlyDevelopers
from training.tests.own import HEADER, as_file, gym, with_column, without

FEE = HEADER.index("Fee")

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def check(look, developer):
    """Return a function that checks a table by what is suggested, but for `changes`."""

    def check(table, **changes):
        seen = look(table)
        choices = replace(suggest(seen.inferred), **changes)
        return check_choices(member=membership(developer), token=seen.token, choices=choices, at=NOON)

    return check


def waiting_files(settings):
    return [path.name for path in settings.FILE_UPLOAD_TEMP_DIR.rglob("*") if path.is_file()]


def test_proposes_what_each_column_is(look, developer):
    seen = look(gym())

    assert seen.inferred.id_column == "Member no"
    assert suggest(seen.inferred).outcome == "Left"
    assert suggest(seen.inferred).left_value == "gone"
    assert {column.name: column.kind for column in seen.inferred.columns} == {
        "Member no": "id", "Plan": "category", "Joined": "date", "Visits": "number", "Fee": "number",
        "Newsletter": "yes/no", "Left": "category",
    }  # fmt: skip
    again = find_seen(seen.token, member=membership(developer))
    assert (again.inferred, again.preview, again.name) == (seen.inferred, seen.preview, "gym.csv")


def test_nobody_else_finds_what_was_looked_at(look, stranger):
    seen = look(gym(60))

    with pytest.raises(UploadIsGone):
        find_seen(seen.token, member=membership(stranger))


def test_a_user_does_not_make_a_customer_base(user, settings):
    with pytest.raises(OnlyDevelopers):
        look_at_table(member=membership(user), upload=as_file(gym(60)))

    assert waiting_files(settings) == []


def test_a_purchase_log_is_led_on_and_kept_for_where_it_belongs(look, developer):
    log = [["customer_id", "order_date", "amount"]]
    log += [[f"C{n % 20}", f"2025-0{1 + n % 9}-{1 + n % 28:02d}", f"{n}.50"] for n in range(300)]

    with pytest.raises(FileRefused, match="purchase log") as refused:
        look(log)

    assert refused.value.belongs.what == "purchase-log"
    assert find_kept(refused.value.kept, member=membership(developer)).name == "gym.csv"


def test_what_is_no_table_is_refused_and_nothing_of_it_stays(developer, settings):
    with pytest.raises(FileRefused):
        look_at_table(member=membership(developer), upload=ContentFile(b"\x00\x01\x02" * 99, name="a.csv"))

    assert waiting_files(settings) == []


def test_counts_customers_and_those_who_left(check):
    table = gym(300)

    checked = check(table)

    assert checked.rows == 300
    assert checked.left == sum(row[-1] == "gone" for row in table)
    assert checked.leaks == ()
    assert "blank cells" in " ".join(checked.notes)
    assert set(checked.schema.features) == {"Plan", "Joined", "Visits", "Fee", "Newsletter"}
    plan = next(column for column in checked.schema.categorical if column.name == "Plan")
    assert plan.other and plan.blank


@pytest.mark.parametrize(
    ("share", "level"), [(1.0, "stop"), (0.93, "warn")], ids=["knows the answer", "knows much"]
)
def test_names_a_column_that_alone_tells_who_left(share, level, check):
    table = gym(600)
    places = iter(range(10_000))
    tells = with_column(
        table, "Refund", lambda row: str((row["Left"] == "gone") ^ (next(places) % 100 >= 100 * share))
    )

    leaks = check(tells).leaks

    assert [(leak.column, leak.level) for leak in leaks] == [("Refund", level)]
    assert "Refund" in leaks[0].sentence and f"{leaks[0].auc:.3f}" in leaks[0].sentence


def test_asks_about_a_column_that_is_known_after_leaving(check):
    places = iter(range(10_000))
    table = with_column(gym(), "Cancellation reason", lambda row: "moved" if next(places) % 3 else "price")

    assert check(table).leaks == ()  # proposed to be left out
    assert [(leak.column, leak.level) for leak in check(table, left_out=()).leaks] == [
        ("Cancellation reason", "ask")
    ]


def test_stops_at_what_only_those_have_who_left(check):
    places = iter(range(10_000))
    table = with_column(
        gym(600), "Form K", lambda row: "sent" if row["Left"] == "gone" and next(places) % 3 else ""
    )

    (leak,) = check(table).leaks

    assert (leak.column, leak.level) == ("Form K", "stop")
    assert leak.auc < 0.975 and "next to nobody who stayed" in leak.sentence


def test_warns_of_a_value_that_only_those_have_who_left(check):
    places = iter(range(10_000))
    table = with_column(
        gym(600), "Tier", lambda row: "ended" if row["Left"] == "gone" and next(places) % 3 else "basic"
    )

    assert [(leak.column, leak.level) for leak in check(table).leaks] == [("Tier", "warn")]


def test_says_that_rows_are_equal_but_for_their_ids(check):
    table = gym(200)

    notes = check([*table, *[[f"{row[0]}x", *row[1:]] for row in table[1:21]]]).notes

    assert "20 rows equal another customer" in " ".join(notes)


def test_says_how_customers_without_an_id_are_called(check):
    checked = check(without(gym(), "Member no"))

    assert "Row 17" in " ".join(checked.notes)
    assert not checked.plan.has_ids


def test_says_from_which_column_nothing_is_learned(check):
    table = with_column(gym(), "Club", lambda row: "Mitte" if row["Member no"] > "M-00002" else "Nord")

    checked = check(table)

    assert "Club" in checked.schema.features  # a rare value is told apart
    assert "'Country' is not learned from" in " ".join(
        check(
            with_column(gym(), "Country", lambda row: "AT"), left_out=(), kinds={"Country": "category"}
        ).notes
    )


def test_too_few_who_left_are_refused_and_the_file_stays(look, developer):
    table = [row if place % 10 == 0 else [*row[:-1], "here"] for place, row in enumerate(gym(300))]
    seen = look(table)

    with pytest.raises(FileRefused, match="at least 30 customers who left") as refused:
        check_choices(member=membership(developer), token=seen.token, choices=suggest(seen.inferred), at=NOON)

    assert refused.value.kept == seen.token
    assert find_seen(seen.token, member=membership(developer)).name == "gym.csv"


def test_asks_for_what_was_not_said(look, developer):
    seen = look(gym(100))
    choices = replace(suggest(seen.inferred), outcome=None)

    with pytest.raises(FileRefused, match="Say which column tells who left"):
        check_choices(member=membership(developer), token=seen.token, choices=choices, at=NOON)


def test_rows_that_cannot_be_read_are_left_out_where_that_is_said(look, developer, settings):
    table = gym(200)
    table[5][FEE] = "much"
    seen = look(table)
    member, choices = membership(developer), replace(suggest(seen.inferred), kinds={"Fee": "number"})

    with pytest.raises(FileRefused, match="much") as refused:
        check_choices(member=member, token=seen.token, choices=choices, at=NOON)

    assert refused.value.rejected == 1
    checked = check_choices(member=member, token=seen.token, choices=choices, bad_rows=LEAVE_OUT, at=NOON)
    assert (checked.rows, checked.report.rejected) == (199, 1)
    assert any(name.endswith(REJECTS_SUFFIX) for name in waiting_files(settings))
    without_fees = replace(choices, kinds={}, left_out=("Fee",))
    assert check_choices(member=member, token=seen.token, choices=without_fees, at=NOON).rows == 200
    assert not any(name.endswith(REJECTS_SUFFIX) for name in waiting_files(settings))


def test_the_same_choices_are_not_checked_again(look, developer, settings):
    seen = look(gym(100))
    member, choices = membership(developer), suggest(seen.inferred)
    checked = check_choices(member=member, token=seen.token, choices=choices, at=NOON)
    upload = next(path for path in settings.FILE_UPLOAD_TEMP_DIR.iterdir() if path.suffix == "")
    upload.write_bytes(b"another file")

    assert check_choices(member=member, token=seen.token, choices=choices, at=NOON) == checked
    with pytest.raises(FileRefused):
        check_choices(member=member, token=seen.token, choices=replace(choices, left_out=("Fee",)), at=NOON)
