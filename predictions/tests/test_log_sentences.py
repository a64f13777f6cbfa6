"""What a result says of the log that it was made of, at the extremes."""

import pytest

from predictions.models import Prediction
from predictions.presenting.columns import ResultColumns
from predictions.presenting.logs import Changes, LogResult
from registry.models import ModelVersion, Population

DEFINITION = {"horizon_days": 60, "gap_days": 0}
LAPSED = {"customers": 0, "window_days": 90, "shown": []}
OUTCOME = {
    "is_over": True, "ends": "2024-11-14T00:00:00", "days_passed": 60, "horizon_days": 60,
    "named": 40, "named_without_purchase": 30, "scored": 200, "scored_without_purchase": 50,
}  # fmt: skip
OVERLAP = {
    "rows_before": 1000, "customers_before": 300, "rows_in_span": 100, "rows_found": 95,
    "customers_found": 290, "days_missing": 0,
}  # fmt: skip


def log(*, definition=DEFINITION, lapsed=0, knew_until=None, **counts):
    result = {
        "rows": 200,
        "as_of": "2024-09-15T00:00:00",
        "one_purchase": 0,
        "lapsed": LAPSED | {"customers": lapsed},
        "overlap": None,
    }
    read = {"definition": definition, "knew_until": knew_until}
    return LogResult(Prediction(result=result | counts, input_data=read, model=ModelVersion()))


def overlap(relation, **counts):
    return log(overlap=OVERLAP | {"relation": relation} | counts).overlap


def changes(outcome=OUTCOME, **kinds):
    none = dict.fromkeys(("new", "still named", "bought since", "less likely now", "lapsed"), 0)
    found = {"kinds": none | {name.replace("_", " "): count for name, count in kinds.items()}}
    return Changes(found | {"first_seen": 0, "since": "2024-09-15T00:00:00", "outcome": outcome})


def test_who_was_scored_names_the_day_the_window_and_the_horizon():
    assert log().who == (
        "200 customers were scored as of 15 September 2024: those who bought in the 90 days before. Leaving "
        "means to buy nothing for 60 days from then on."
    )
    assert log(definition={"horizon_days": 60, "gap_days": 7}).who.endswith(
        "for 60 days from then on, beginning 7 days later."
    )


def test_outcomes_that_came_with_the_file_are_not_called_silence():
    told = log(definition=None).who

    assert "the column of the log" in told and "None" not in told


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 customer has lapsed and was not scored"),
        (1234, "1,234 customers have lapsed and were not scored"),
    ],
)
def test_lapsed_customers_are_counted_in_good_english(count, said):
    assert log(lapsed=count).lapsed_headline == said


def test_one_purchase_is_said_of_one_and_of_many_and_not_of_nobody():
    assert log(one_purchase=0).weak == ""
    assert log(one_purchase=1).weak.startswith(
        "1 of the scored has bought once only. Too little is known of that"
    )
    assert log(one_purchase=12).weak.startswith("12 of the scored have bought once only.")


def test_first_time_buyers_among_those_named_are_told_apart():
    told = log(churners=1354, one_purchase_named=444, one_purchase_expected=302.0).first_buyers

    assert told.startswith(
        "444 of the 1,354 named bought once only. The model did not learn from such customers"
    )
    assert told.endswith("stands in for them: 68 of 100.")
    assert log(churners=1354).first_buyers == ""


def test_how_the_logs_belong_together_is_said_with_counts():
    assert log().overlap == ""
    assert "The log contains the one before: of the 1,000 rows that were known, 95" in overlap("contains")
    assert "290 of 300 known customers are in it; 95 of 100 rows" in overlap("continues")
    assert "nothing is compared" in overlap("neither", rows_found=3)


def test_a_log_that_begins_later_says_how_many_days_nobody_knows():
    told = overlap("continues", rows_in_span=0, rows_found=0, days_missing=12)

    assert told.endswith("Both were read together. Of 12 days in between nothing is known.")
    assert overlap("continues", days_missing=1).endswith("Of 1 day in between nothing is known.")
    named = log(overlap=OVERLAP | {"relation": "continues", "days_missing": 1}, days_between=[{}]).overlap
    assert named.endswith("a developer can say so on the page “When is a customer lost?” of this log.")
    assert "0 of 0" not in told


def test_the_headline_counts_who_came_and_who_went():
    found = changes(new=5, still_named=30, bought_since=6, less_likely_now=3, lapsed=1)

    assert found.headline == "5 new on the list since 15 September 2024, 10 no longer on it"
    assert [row["count"] for row in found.rows] == [5, 30, 6, 3, 1]
    assert found.rows[2]["note"] == "named last time, and bought in between"


def test_who_bought_too_long_ago_to_be_scored_is_in_no_row_of_the_table():
    found = changes(bought_since=6)
    found.found["scored"] = {"bought since": 4}

    assert found.rows[2]["note"].endswith("bought in between; 2 of them too long ago to be scored")
    assert [row["scored"] for row in found.rows] == [0, 0, 4, 0, 0]


def test_what_can_still_come_true_stands_beside_what_was_promised():
    under_way = OUTCOME | {"is_over": False, "days_passed": 58, "promised": 34.0}

    assert changes(under_way).came_true.endswith("at most 75 of 100 can still come true; 85 were promised.")
    assert "(95 % interval: 59 to 87); 85 were promised." in changes(OUTCOME | {"promised": 34.0}).came_true


def test_a_model_that_knew_what_came_is_not_judged_by_it():
    told = log(knew_until="2024-12-10T00:00:00").foreknowledge
    later = changes(outcome=None)
    later.found["knew_until"] = "2024-12-10T00:00:00"

    assert "learned from what customers did until 10 December 2024" in told
    assert "this log ends before 15 September 2024" in told
    assert log().foreknowledge == ""
    assert later.came_true.startswith("The last list is not checked: its model had learned")


def test_the_last_list_is_judged_beside_everybody():
    told = changes().came_true

    assert "Of 40 named last time, 30 left: 75 of 100 (95 % interval: 59 to 87)" in told
    assert told.endswith("Of all 200 who were scored it was 25 of 100.")


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (None, "is not known"),
        (OUTCOME | {"named": 0, "named_without_purchase": 0}, "Nobody was named last time"),
        (
            OUTCOME | {"is_over": False, "days_passed": 20},
            "20 of its 60 days have passed, until 14 November 2024. 10 of 40 named have bought since, and "
            "have not left: at most 75 of 100 can still come true.",
        ),
        (OUTCOME | {"named_without_purchase": 40}, "40 left: 100 of 100 (95 % interval: 91 to 100)"),
    ],
)
def test_nothing_is_claimed_that_is_not_known_yet(outcome, said):
    assert said in changes(outcome).came_true


def test_columns_of_an_older_result_are_called_as_they_are_today():
    shown = [{"name": "percentile_rank_by_spend", "label": "Rank by spend", "numeric": True}]
    shop = Population(kind=Population.Kind.LOG)

    called = ResultColumns(Prediction(population=shop, result={"shown": shown}, model=ModelVersion())).shown

    assert [column["label"] for column in called] == ["Percent of the training's customers who spend less"]
