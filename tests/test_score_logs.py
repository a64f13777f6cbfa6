"""The customers of a purchase log: scored by what a training left, and once more with the next export."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from statistics import mean

import duckdb
import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from openpyxl import load_workbook

from core.figures import percent
from core.files.media import readable_path
from core.files.store import local_copy
from core.files.stored import DATASETS
from predictions import files
from predictions.api.sent_history import read_history
from predictions.engines.kinds import WERE_CLOSED
from predictions.models import Prediction
from predictions.presenting.histories import FULL, SENT, HistoryScore, Moment, remarks_on
from predictions.presenting.logs import LogResult
from predictions.presenting.summary import Findings
from predictions.presenting.workbook import about_result
from predictions.services.histories import score_history
from predictions.services.logs import NoModelOfPurchases, start_log_prediction
from predictions.services.renewing import start_newer_prediction
from registry.selectors import champion_of
from registry.tests.factories import DatasetFactory
from tabular.source.sheets import ABOUT
from tests.coffee_shop import LATER, NOON, SPRING, csv_of, finish, log_of, until, written
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.presenting.days import write_day
from transactions.services.renewal import ColumnsDiffer, NothingNewer

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def table_of(run):
    rows = pq.read_table(readable_path(files.table_beside(run.result_dataset_path))).to_pylist()
    return {row["_customer"]: row for row in rows}


def sent_by(analysis):
    """Return the purchases of each customer as a program would send them."""
    with local_copy(DATASETS, analysis.events_path) as events, duckdb.connect() as connection:
        found = connection.sql(f"SELECT * FROM read_parquet('{events}')").to_arrow_table().to_pylist()
    customers = {}
    for event in found:
        sent = {"event_date": event.pop("event_at").isoformat()} | event
        customers.setdefault(sent.pop("customer_id"), []).append(sent)
    return customers


@pytest.mark.parametrize("every", [41, pytest.param(1, marks=pytest.mark.prove)])
@pytest.mark.parametrize(
    ("feature_set", "model_type"), [("rfm_v2", "logistic_regression"), ("retail_v1", "random_forest")]
)
def test_a_customer_gets_what_the_api_says_of_its_purchases(
    company, read, train, score, year, feature_set, model_type, every
):
    analysis = read(year)
    train(analysis, model_type=model_type, feature_set=feature_set)

    run = score(analysis)

    table, lapsed = table_of(run), csv_of(files.lapsed_beside(run.result_dataset_path))
    silent = {row["customer_id"] for row in lapsed}
    bought_once = [name for name, row in table.items() if row["evidence"] == "one purchase only"]
    seen = {"full": 0, "one_purchase": 0, "lapsed": 0}
    sent = sent_by(analysis)
    for customer in {*list(sent)[::every], *bought_once[::every], *sorted(silent)[::every]}:
        body = {"customer_id": customer, "transactions": sent[customer], "as_of": run.result["as_of"]}
        read = read_history(body)
        alone = score_history(company=company, events=read["transactions"], as_of=read["as_of"], at=NOON)
        seen[alone.evidence] += 1
        if alone.evidence == "lapsed":
            assert customer in silent and customer not in table
        else:
            assert table[customer]["_probability"] == pytest.approx(alone.probability, abs=1e-9)
            assert table[customer]["_tier"] == alone.segment
            assert (table[customer]["evidence"] == "one purchase only") == (alone.evidence == "one_purchase")
    assert seen["full"] and seen["lapsed"]
    assert run.result["rows"] == len(table)
    assert run.result["lapsed"]["customers"] == len(silent)
    assert run.result["one_purchase"] == len(bought_once)


def test_the_result_has_the_features_of_each_customer_as_columns(learned, scored):
    run = scored

    rows, table = csv_of(run.result_dataset_path), table_of(run)
    first, *features, evidence, prediction, probability, tier = rows[0]
    assert (first, evidence, prediction) == ("customer_id", "evidence", "prediction")
    assert (probability, tier) == ("churn_probability", "risk_tier")
    assert features == [name for name in table[rows[0]["customer_id"]] if name in features]
    assert run.model == champion_of(learned.company, learned.population).model
    assert run.result["rows"] == len(rows)
    for row in rows[:50]:
        known = table[row["customer_id"]]
        assert float(row["churn_probability"]) == pytest.approx(known["_probability"], abs=1e-6)
        assert row["risk_tier"] == known["_tier"]
        assert [float(row[name]) for name in features] == [known[name] for name in features]


def test_what_the_model_expects_of_a_group_is_the_mean_of_those_of_it_whom_it_was_asked_about(scored):
    told = re.fullmatch(
        r"The model expects customers with (.+?) ((?:up to |below )?[\d.,]+(?: to .*?| and more)?) to leave "
        r".* as often as with (.+) \((\d+) % against (\d+) %\)",
        scored.result["finding"],
    )
    label, *ranges, high, low = told.groups()

    column = next(shown["name"] for shown in scored.result["shown"] if shown["label"] == label)
    asked = [row for row in table_of(scored).values() if row["evidence"] == "full"]
    means = [
        mean(row["_probability"] for row in asked if is_in(row[column], words)) * 100 for words in ranges
    ]
    assert [round(value) for value in means] == [int(high), int(low)]
    assert scored.result["asked"] == len(asked) == scored.result["rows"] - scored.result["one_purchase"]
    assert Findings(scored).measured_on == f", measured on {len(asked):,} customers who bought twice or more"


def is_in(number, words):
    """Return whether a number is in a range as a sentence names it."""
    bounds = [float(bound.replace(",", "")) for bound in re.findall(r"[\d.,]+", words)]
    if words.startswith("below "):
        return number < bounds[0]
    if words.startswith("up to "):
        return number <= bounds[0]
    if words.endswith(" and more"):
        return number >= bounds[0]
    return bounds[0] <= number < bounds[-1] if " to below " in words else bounds[0] <= number <= bounds[-1]


def test_nothing_is_scored_before_something_was_learned(member, read, year):
    analysis = read(year[:2000])

    with pytest.raises(NoModelOfPurchases, match="Train one on this log"):
        start_log_prediction(member=member, analysis=analysis, at=NOON)

    assert not Prediction.objects.exists()


def test_the_page_says_who_was_scored_and_who_lapsed(learned, as_developer, do_jobs):
    asked = reverse("predictions:score_log", args=("dev", learned.pk))
    # As if it had been read from a file with decimal commas: its purchases are read already.
    learned.parse_spec["table"]["delimiter"] = ";"
    learned.parse_spec["numbers"]["amount"]["decimal"] = ","
    learned.save()

    sent = as_developer.post(asked)
    while_it_runs = as_developer.get(sent.url)
    finish(do_jobs)
    page = as_developer.get(sent.url).content.decode()

    run = Prediction.objects.get()
    assert while_it_runs.status_code == 200
    assert f"{run.result['rows']:,} customers were scored as of" in page
    assert f"{run.result['lapsed']['customers']:,} customers have lapsed and were not scored" in page
    got = {}
    for name in ("download_csv", "download_xlsx", "download_customers", "download_lapsed"):
        answer = as_developer.get(reverse(f"predictions:{name}", args=("dev", run.uuid)))
        got[name] = b"".join(answer.streaming_content)
    assert_written_as_the_log(got, run)
    for name in ("download_upload", "download_rejects"):
        assert as_developer.get(reverse(f"predictions:{name}", args=("dev", run.uuid))).status_code == 404
    history = as_developer.get(reverse("predictions:history", args=("dev",)))
    assert str(run) in history.content.decode()


def assert_written_as_the_log(got, run):
    """Check that lists have the delimiter and the decimal comma of the log, and a workbook true numbers."""
    whole, part, lapsed = (
        list(csv.DictReader(got[name].decode("utf-8-sig").splitlines(), delimiter=";"))
        for name in ("download_csv", "download_customers", "download_lapsed")
    )
    assert len(whole) == run.result["rows"] and whole == part
    assert len(lapsed) == run.result["lapsed"]["customers"] and "days_silent" in lapsed[0]
    assert all(re.fullmatch(r"[01],\d{6}", row["churn_probability"]) for row in whole)
    numbers = "".join(row[name] for row in whole for name in run.result["numbers"])
    assert "," in numbers and "." not in numbers
    header, *rows = load_workbook(io.BytesIO(got["download_xlsx"]))["Customers"].iter_rows(values_only=True)
    place = header.index("churn_probability")
    chances = {row[0]: row[place] for row in rows}
    assert all(
        chances[row["customer_id"]] == float(row["churn_probability"].replace(",", ".")) for row in whole
    )


def test_the_workbook_says_as_of_when_and_stands_by_risk(scored, as_developer):
    answer = as_developer.get(reverse("predictions:download_xlsx", args=("dev", scored.uuid)))

    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))

    told = {row[0]: row[1] for row in book[ABOUT].iter_rows(values_only=True)}
    assert told["As of"].date().isoformat() == scored.result["as_of"][:10]
    assert told["Customers scored"] == scored.result["rows"]
    header, *rows = book["Customers"].iter_rows(values_only=True)
    chances = [row[header.index("churn_probability")] for row in rows]
    assert len(chances) == scored.result["rows"] and chances == sorted(chances, reverse=True)


def test_a_log_that_is_scored_again_by_the_same_model_is_told(scored, member, as_developer):
    again = start_log_prediction(member=member, analysis=log_of(scored), at=NOON)

    page = as_developer.get(reverse("predictions:result", args=("dev", again.uuid))).content.decode()

    assert "The same log was already scored by the same model" in page
    assert reverse("predictions:result", args=("dev", scored.uuid)) in page


# --- The next export -------------------------------------------------------------------------------------


def test_a_newer_export_is_read_and_scored_without_another_question(scored, add, year, taken):
    taken.clear()
    run = add(log_of(scored), until(year, LATER))

    log = log_of(run)
    assert taken == [step for job in (log.job, run.job) for step, _ in job.plan]
    assert log.mapping == log_of(scored).mapping
    assert (log.horizon_days, log.configured_at is not None) == (60, True)
    assert run.model == scored.model
    assert run.result["overlap"]["relation"] == "contains"
    assert run.result["overlap"]["rows_found"] == run.result["overlap"]["rows_before"]
    assert LogResult(run).overlap.startswith("The log contains the one before")
    assert run.result["as_of"].startswith(LATER)
    assert_changed_as_lists_and_purchases_say(scored, run, year)
    assert_held_against_who_bought(scored, run, year)


def assert_changed_as_lists_and_purchases_say(scored, run, year):
    before, now = table_of(scored), table_of(run)
    bar_before, bar_now = scored.result["threshold"], run.result["threshold"]
    named_before = {name for name, row in before.items() if row["_probability"] >= bar_before}
    named_now = {name for name, row in now.items() if row["_probability"] >= bar_now}
    bought = {
        row["customer_id"]
        for row in until(year, LATER, SPRING)
        if row["event_type"] == "purchase" and float(row["amount"]) >= 0
    }
    gone = named_before - named_now
    changes = run.result["changes"]
    assert changes["kinds"] == {
        "new": len(named_now - named_before),
        "still named": len(named_now & named_before),
        "bought since": len(gone & bought),
        "less likely now": len((gone - bought) & set(now)),
        "lapsed": len(gone - bought - set(now)),
    }
    assert changes["first_seen"] == len(named_now - set(before))
    listed = csv_of(files.changes_beside(run.result_dataset_path))
    assert {row["customer_id"] for row in listed if row["change"] == "new"} == named_now - named_before
    assert [row["change"] for row in listed][: changes["kinds"]["new"]] == ["new"] * changes["kinds"]["new"]
    assert len(listed) == len(named_now | named_before)
    kinds = {row["customer_id"]: row["change"] for row in listed}
    assert {name: row["_change"] for name, row in now.items()} == {name: kinds.get(name, "") for name in now}
    assert changes["scored"] == {
        kind: sum(kinds.get(name) == kind for name in now) for kind in changes["kinds"]
    }
    assert list(now) == [row["customer_id"] for row in csv_of(run.result_dataset_path)]


def assert_held_against_who_bought(scored, run, year):
    """Check what is said of the last list once its time is over."""
    before = table_of(scored)
    named = {name for name, row in before.items() if row["_probability"] >= scored.result["threshold"]}
    end = (datetime.fromisoformat(scored.result["as_of"]) + timedelta(days=60)).date().isoformat()
    bought = {row["customer_id"] for row in until(year, end, SPRING) if row["event_type"] == "purchase"}
    outcome = run.result["changes"]["outcome"]
    assert outcome["is_over"]
    assert (outcome["named"], outcome["named_without_purchase"]) == (len(named), len(named - bought))
    assert outcome["scored_without_purchase"] == len(set(before) - bought)
    assert outcome["expected"] == pytest.approx(sum(row["_probability"] for row in before.values()))
    level = LogResult(run).level
    assert f"likelier to: of {len(before):,} customers scored last time, " in level and "latest" not in level
    told = LogResult(run).changes.came_true
    assert f"Of {len(named):,} named last time, {len(named - bought):,} left" in told
    assert "95 % interval" in told


def test_before_its_time_is_over_nobody_says_how_right_the_last_list_was(scored, add, year):
    run = add(log_of(scored), until(year, "2024-10-05"))

    told = LogResult(run).changes.came_true
    assert not run.result["changes"]["outcome"]["is_over"]
    assert "is not known yet: 20 of its 60 days have passed" in told


def test_with_monthly_exports_the_latest_list_whose_time_is_over_is_asked(scored, add, year, as_developer):
    october = add(log_of(scored), until(year, "2024-10-05", SPRING), name="october.csv")

    run = add(log_of(october), until(year, "2024-11-20", "2024-10-05"), name="november.csv")

    changes, before = run.result["changes"], table_of(scored)
    bought = {
        row["customer_id"] for row in until(year, "2024-11-14", SPRING) if row["event_type"] == "purchase"
    }
    expected = sum(row["_probability"] for row in before.values())
    assert not changes["outcome"]["is_over"]
    [finished] = changes["finished"]
    assert finished["as_of"] == scored.result["as_of"]
    assert finished["scored_without_purchase"] == len(set(before) - bought)
    assert finished["expected"] == pytest.approx(expected)
    told = (
        f"of {len(before):,} customers scored as of 15 September 2024, {percent(expected / len(before))} were"
    )
    page = as_developer.get(reverse("predictions:result", args=("dev", run.uuid))).content.decode()
    assert told in LogResult(run).level and told in page
    assert "Earlier lists whose time is over" in page
    assert "Whether the last list was right is not known yet" in page


def keep_features(analysis, version):
    """Keep with a version from what of its log it learned, as its training does."""
    days = {"label_source": "definition", "horizon_days": 60}
    version.training_dataset = DatasetFactory(population=analysis.population, company=analysis.company)
    FeatureMatrix.objects.create(
        analysis=analysis, dataset=version.training_dataset, as_of=datetime(2024, 7, 17, tzinfo=UTC), **days
    )
    version.save()


def test_a_model_that_learned_from_later_days_is_named_and_never_graded(
    as_user, company, learned, read, score, add, year
):
    early = read(until(year, "2024-08-01"), name="july.csv")
    keep_features(learned, champion_of(company, learned.population).model)
    page = as_user.get(reverse("transactions:analysis", args=("user", early.pk))).content.decode()
    latest = as_user.get(reverse("transactions:analysis", args=("user", learned.pk))).content.decode()

    run = score(early)
    later = add(early, until(year, LATER))

    # It learned at a cutoff 60 days before the end of the log of spring, and knows all until then.
    assert run.input_data["knew_until"].startswith(SPRING)
    told = LogResult(run).foreknowledge
    answer = as_user.get(reverse("predictions:api_run", args=(run.uuid,))).json()
    assert told and told in answer["warning"] and told in str(about_result(run, None, run.result["rows"]))
    said = "learned from what customers did until 15 September 2024"
    assert said in page and "learned from what customers did" not in latest
    asked = HistoryScore(0.5, "Medium", Moment(datetime(2024, 8, 1), SENT), FULL, 60, 60, 3, run.model)
    assert any("15 September 2024, after this moment" in remark for remark in remarks_on(asked))
    assert later.input_data["knew_until"] is None
    assert later.result["changes"]["outcome"] is None
    assert "is not checked: its model had learned" in LogResult(later).changes.came_true


def test_an_export_of_the_new_days_alone_gives_what_a_whole_one_gives(scored, add, year):
    whole = add(log_of(scored), until(year, LATER))
    Prediction.objects.filter(pk=whole.pk).delete()

    run = add(log_of(scored), until(year, LATER, SPRING), name="new-days.csv")

    assert run.result["overlap"]["relation"] == "continues"
    assert run.input_data["logs"] == [scored.input_data["analysis"], run.input_data["analysis"]]
    assert run.result["rows"] == whole.result["rows"]
    assert run.result["changes"]["kinds"] == whole.result["changes"]["kinds"]
    assert run.result["histogram"] == whole.result["histogram"]


def test_closed_days_between_exports_are_not_missing(scored, add, score, as_developer, year):
    def page_of(run, name="churn"):
        return reverse(f"transactions:{name}", args=("dev", log_of(run).pk))

    def close(run, days, **more):
        sent = {"first": days["first"], "last": days["last"]} | more
        return as_developer.post(page_of(run, "closed"), sent, follow=True).content.decode()

    october = add(log_of(scored), until(year, "2024-11-10", "2024-10-06"), name="october.csv")
    [three_weeks] = log_of(october).days_between
    assert (three_weeks["first"], three_weeks["days"]) == (SPRING, 21)
    assert WERE_CLOSED in LogResult(october).silence and WERE_CLOSED in LogResult(october).overlap
    page = as_developer.get(page_of(october)).content.decode()
    assert "We were closed then" in page and f"together with earlier ones. {three_weeks['sentence']}" in page
    told = close(october, three_weeks)
    assert "score the log again" in told and three_weeks["sentence"] not in told
    # What was made before does not know of it, and says so at each door.
    october = Prediction.objects.get(pk=october.pk)
    page = as_developer.get(reverse("predictions:result", args=("dev", october.uuid))).content.decode()
    said = "it was said that you were closed from 15 September 2024 to 5 October 2024"
    again = reverse("transactions:analysis", args=("dev", log_of(october).pk)) + "#scores"
    assert said in page and f'href="{again}"' in page
    assert said in as_developer.get(reverse("predictions:api_run", args=(october.uuid,))).json()["warning"]

    # A later log knows of it; three days are too few to be silence, but what was bought then nobody knows.
    run = add(log_of(october), until(year, "2024-11-16", "2024-11-13"), name="november.csv")
    assert [each["days"] for each in log_of(run).days_between] == [3, 21]
    assert run.result["changes"]["outcome"] is None and run.result["changes"]["finished"] == []
    three_days = log_of(run).days_between[0]
    told = close(run, three_days)
    assert three_days["sentence"] not in told and told.count("We were open then") == 2

    found = LogResult(score(log_of(run)))
    assert found.changes.outcome and "nothing is known" not in found.overlap
    assert [each["as_of"][:10] for each in found.changes.found["finished"]] == [SPRING]
    assert found.outdated == ""
    assert found.silence.startswith("Nothing was open from 15 September 2024 to 5 October 2024, 21 days")
    assert three_weeks["sentence"] in close(run, three_weeks, withdrawn="on")
    assert "you were open from 15 September 2024" in LogResult(found.prediction).outdated
    log_of(run).delete()
    assert LogResult(found.prediction).outdated == ""


def test_no_list_is_graded_on_days_that_are_in_doubt(scored, add, year):
    doubted = [row for row in until(year, LATER) if not "2024-09-25" <= row["event_date"][:10] < "2024-10-25"]

    found = LogResult(add(log_of(scored), doubted))

    assert "the log has no row where" in found.silence
    assert found.changes.outcome is None
    assert "some days of its time are missing or in doubt" in found.changes.came_true


def test_other_customers_are_neither_joined_nor_compared(scored, add, year):
    others = [row | {"customer_id": f"X{row['customer_id']}"} for row in until(year, LATER)]

    run = add(log_of(scored), others)

    assert run.result["overlap"]["relation"] == "neither"
    assert "changes" not in run.result and run.input_data["follows"] is None
    assert "neither contains nor continues" in LogResult(run).overlap
    assert run.input_data["logs"] == [run.input_data["analysis"]]


def test_missing_columns_are_named_and_nothing_is_left(scored, member, year):
    rows = [{name: cell for name, cell in row.items() if name != "amount"} for row in year]

    with pytest.raises(ColumnsDiffer, match="The file lacks amount"):
        start_newer_prediction(
            member=member, earlier=log_of(scored), upload=ContentFile(written(rows), name="x.csv"), at=NOON
        )

    assert AnalysisSession.objects.count() == 1


@pytest.mark.parametrize("day", [SPRING, "2024-08-01"])
def test_an_export_that_ends_no_later_is_refused_and_nothing_is_left(scored, member, year, day):
    rows = [row for row in until(year, day) if row["customer_id"] != year[0]["customer_id"]]

    with pytest.raises(NothingNewer, match="it has nothing newer") as refused:
        start_newer_prediction(
            member=member, earlier=log_of(scored), upload=ContentFile(written(rows), name="x.csv"), at=NOON
        )

    last = date.fromisoformat(max(row["event_date"] for row in rows)[:10])
    assert f"The file ends on {write_day(last)}, and" in refused.value.message
    assert AnalysisSession.objects.count() == Prediction.objects.count() == 1


def test_the_very_same_file_is_led_to_the_log_that_it_is(scored, member, year):
    with pytest.raises(NothingNewer, match="This very file is here already") as refused:
        start_newer_prediction(
            member=member,
            earlier=log_of(scored),
            upload=ContentFile(written(until(year, SPRING)), name="again.csv"),
            at=NOON,
        )

    assert refused.value.extra["log"] == str(log_of(scored).pk)
    assert AnalysisSession.objects.count() == 1


def test_where_only_the_reading_tells_that_it_is_older_the_reason_names_the_last_days(
    scored, read, member, do_jobs, year
):
    older = read(until(year, SPRING), name="same.csv")
    run = start_log_prediction(member=member, analysis=older, follows=scored, at=NOON)
    do_jobs()

    run.job.refresh_from_db()
    end = max(row["event_date"] for row in until(year, SPRING))[:10]
    assert f"The log ends on {end}, and the one before on {end}: it has" in run.job.error["message"]


def test_where_the_log_before_was_deleted_nothing_is_compared_and_that_is_said(scored, add, year):
    log = log_of(scored)
    AnalysisSession.objects.filter(pk=log.pk).update(events_path="")

    run = add(log, until(year, LATER))

    assert run.result["overlap"] is None
    assert any("was deleted" in warning for warning in run.input_data["warnings"])
