"""A company's own table becomes a customer base and its first version, or nothing of either."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from companies.identity import membership
from companies.services.conditions import ReasonMissing
from jobs.models import Job
from registry.models import Dataset, Population
from registry.services.model_types import UnknownModelType
from registry.services.populations import NameTaken, PopulationRefused
from registry.tests.factories import NOON
from tabular.snapshots.plan import suggest
from training.models import TrainingRun
from training.services.own_tables import ColumnsKnowAnswer, start_first_training
from training.tests.own import gym, with_column

pytestmark = pytest.mark.django_db


def own_bases(company):
    return Population.objects.filter(company=company)


def kept_files(settings):
    folders = (settings.MEDIA_ROOT / "datasets/dev", settings.FILE_UPLOAD_TEMP_DIR)
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


# --- Base and run together -------------------------------------------------------------------------------


def test_makes_a_base_of_what_was_described(begin, company):
    run = begin(gym(), name="gym_members-2026.csv", value_column="Fee", currency="EUR")

    base = run.population
    assert (base.name, base.company, base.kind) == ("Gym members 2026", company, "SNAPSHOT")
    assert base.roles == {"id": "Member no", "outcome": "Left", "left": "gone", "value": "Fee"}
    assert base.definition == {"column": "Left", "left": "gone"}
    assert base.slices == ["Plan", "Newsletter"]
    assert base.currency == "EUR"
    assert set(base.features.features) == {"Plan", "Joined", "Visits", "Fee", "Newsletter"}
    assert base.columns_of_file(with_outcome=True)[-1] == "Left"
    assert run.reason == "The first model of these customers."


def test_a_second_file_of_that_name_makes_a_base_of_another_name(begin):
    assert [begin(gym(seed=seed)).population.name for seed in (1, 2)] == ["Gym", "Gym 2"]


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"base_name": "Telecom  CUSTOMERS of us"}, NameTaken),
        ({"value_column": "Plan"}, PopulationRefused),
        ({"model_type": "crystal_ball"}, UnknownModelType),
        ({"reason": "x" * 501}, ReasonMissing),
        ({"changes": {"left_out": ()}}, ColumnsKnowAnswer),
    ],
    ids=["name", "value", "type", "reason", "leak"],
)
def test_a_refusal_leaves_no_base_no_run_and_no_file_beyond_the_waiting_room(
    options, refusal, begin, company, settings
):
    Population.objects.create(
        company=company, name="Telecom customers of us", kind=Population.Kind.LOG, created_at=NOON
    )
    table = with_column(gym(), "Left on", lambda row: "1" if row["Left"] == "gone" else "0")

    with pytest.raises(refusal):
        begin(table, **{"changes": {"left_out": ("Left on",)}} | options)

    assert [base.name for base in own_bases(company)] == ["Telecom customers of us"]
    assert not TrainingRun.objects.exists() and not Job.objects.exists()
    assert all(path.parent == settings.FILE_UPLOAD_TEMP_DIR for path in kept_files(settings))


def test_what_was_refused_can_be_started_with_the_same_file(look, developer, model_types):
    seen = look(gym())
    wanted = {
        "member": membership(developer), "token": seen.token, "choices": suggest(seen.inferred),
        "base_name": "Members", "at": NOON,
    }  # fmt: skip
    with pytest.raises(UnknownModelType):
        start_first_training(**wanted, model_type="crystal_ball")

    assert start_first_training(**wanted).model_type.slug == "lightgbm"


def test_sent_twice_it_begins_once(look, developer, model_types, company):
    seen = look(gym())
    wanted = {
        "member": membership(developer), "token": seen.token, "choices": suggest(seen.inferred),
        "base_name": "Members", "idempotency_key": "one", "at": NOON,
    }  # fmt: skip

    first, again = start_first_training(**wanted), start_first_training(**wanted)

    assert first == again
    assert own_bases(company).count() == 1


def test_a_column_that_knows_the_answer_is_kept_by_name_and_said_on_the_card(
    first_trained, developer, client
):
    table = with_column(gym(), "Refund", lambda row: "1" if row["Left"] == "gone" else "0")

    run = first_trained(table, keep_leaking=("Refund",))

    assert run.population.definition["kept_leaks"] == [{"column": "Refund", "auc": 1.0}]
    client.force_login(developer)
    card = client.get(f"/dev/models/{run.version_id}/").content.decode()
    assert "Refund (AUC 1.000) alone tells nearly all who left" in card


def test_of_a_kept_column_that_only_some_stayers_have_filled_no_more_is_said_than_that(
    first_trained, developer, client
):
    stayed = iter(range(1_000))
    table = with_column(
        gym(rows=900),
        "Thanks",
        lambda row: "card" if row["Left"] == "here" and next(stayed) % 2 else "",
    )

    run = first_trained(table, keep_leaking=("Thanks",))

    (kept,) = run.population.definition["kept_leaks"]
    assert kept["auc"] < 0.9 and "is filled" in kept["sentence"]
    client.force_login(developer)
    card = client.get(f"/dev/models/{run.version_id}/").content.decode()
    assert "tells nearly all who left" not in card
    assert "It may have learned from what was written down afterwards" in card


# --- What comes of it ------------------------------------------------------------------------------------


def test_the_first_upload_is_the_first_data_of_its_base(first_trained, company):
    run = first_trained(gym())

    assert run.job.state == "SUCCEEDED", run.job.error
    assert (run.version.number, run.version.company, run.version.population) == (1, company, run.population)
    assert [run.upload_dataset.name, run.combined_dataset.name] == ["uploadDataset1", "combinedDataset1"]
    assert run.parent_dataset is None and run.combined_dataset.parent_dataset is None
    assert run.combination["added"] == run.combined_dataset.row_count == 400
    assert run.comparison["sentence"] == "There was no version to compare with."
    assert Dataset.objects.filter(population=run.population).count() == 2


@pytest.mark.any_database
def test_another_industry_is_learned_from_its_file_alone(shared, look, developer, model_types, do_jobs):
    content = (shared / "data" / "iranian_churn.csv").read_text().splitlines()
    seen = look([line.split(",") for line in content], name="iranian_churn.csv")

    run = start_first_training(
        member=membership(developer), token=seen.token, base_name="", choices=suggest(seen.inferred), at=NOON
    )
    do_jobs()

    run = TrainingRun.objects.with_related().get(pk=run.pk)
    assert str(run.population) == "Iranian churn"
    assert run.model_type.slug == "lightgbm"
    assert run.version.metrics.auc_roc > 0.97


def test_a_version_is_built_again_and_its_data_downloaded(first_trained, developer, client, capsys):
    run = first_trained(gym(300))

    call_command("rebuild_model", run.version.pk)

    assert "predicts the same" in capsys.readouterr().out
    client.force_login(developer)
    for dataset in (run.upload_dataset, run.combined_dataset):
        answer = client.get(f"/dev/datasets/{dataset.pk}/download")
        lines = b"".join(answer.streaming_content).decode().splitlines()
        assert len(lines) == 301 and "Member no" in lines[0]


def test_a_base_whose_first_training_was_cancelled_begins_with_the_next_file(begin, trained_again, do_jobs):
    cancelled = begin(gym())
    Job.objects.filter(pk=cancelled.job_id).update(state=Job.State.CANCELLED)

    run = trained_again(cancelled.population, gym(seed=3), at=NOON + timedelta(days=1))

    assert run.job.state == "SUCCEEDED", run.job.error
    assert (run.number, run.parent_dataset, run.version.number) == (1, None, 1)
    assert run.model_type.slug == "logistic_regression"  # as the one before
