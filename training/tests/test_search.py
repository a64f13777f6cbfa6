"""A training that looks for its type: several are tried on its customers, and the best learns."""

from datetime import timedelta

import pytest
from django.urls import reverse

from companies.identity import membership
from jobs.models import Job
from jobs.orders import request_cancel
from registry.tests.factories import NOON
from training.models import ModelSearch, SearchPart, TrainingRun
from training.presenting.searches import show_search
from training.services.retraining import SEARCH
from training.services.searching import FOLDER, NoSearch, stop_search
from training.tests.own import gym

pytestmark = pytest.mark.django_db

TYPES = ["logistic_regression", "decision_tree", "lightgbm"]


@pytest.fixture(autouse=True)
def few_types(settings):
    settings.SEARCH_MODEL_TYPES = TYPES


@pytest.fixture
def searched(begin, do_jobs):
    """A first training that searched."""
    run = begin(gym(rows=900), model_type=SEARCH)
    do_jobs()
    return TrainingRun.objects.with_related().get(pk=run.pk)


def files_of_searches(settings):
    return [path for path in (settings.MEDIA_ROOT / FOLDER).rglob("*") if path.is_file()]


def test_the_best_of_several_types_learns_and_is_a_version_like_others(searched, settings):
    search = searched.search

    assert searched.job.state == Job.State.SUCCEEDED, searched.job.error
    assert {row["model_type"] for row in search.ranking} == set(TYPES)
    assert searched.version.model_type.slug == search.ranking[0]["model_type"]
    assert searched.params == search.parts.get(model_type=searched.model_type).result["chosen"]
    assert searched.version.is_ready
    assert files_of_searches(settings) == []


def test_nobody_who_is_held_out_is_among_those_who_were_tried_on(searched):
    held_out = searched.version.metrics.additional_metrics["rows"]

    assert searched.search.prepared["rows"] + held_out == searched.combination["rows"]


def test_one_search_finds_the_same_as_another_of_the_same_customers(begin, do_jobs):
    runs = [begin(gym(rows=900), model_type=SEARCH, name=name) for name in ("a.csv", "b.csv")]
    do_jobs()

    found = [ModelSearch.objects.get(training=run) for run in runs]
    assert found[0].ranking == found[1].ranking
    assert found[0].prepared == found[1].prepared
    figures = [[part.result["figures"] for part in one.parts.all()] for one in found]
    assert figures[0] == figures[1]


def test_the_training_waits_for_its_search_and_the_search_for_earlier_trainings(begin):
    run = begin(gym(rows=900), model_type=SEARCH)

    assert run.job.state == Job.State.WAITING
    assert run.search.job.state == Job.State.QUEUED
    assert run.search.parts.count() == len(TYPES)


def test_who_cancels_the_training_cancels_its_search(begin, do_jobs, developer, settings):
    run = begin(gym(rows=900), model_type=SEARCH)

    request_cancel(job=run.job, by=developer, at=NOON)
    do_jobs()

    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.CANCELLED}
    assert files_of_searches(settings) == []
    assert not TrainingRun.objects.get(pk=run.pk).version_id


def test_the_best_so_far_is_taken_where_people_have_enough(begin, do_jobs, developer):
    run = begin(gym(rows=900), model_type=SEARCH)
    do_jobs(most=2)  # the preparation and the first type

    stop_search(member=membership(developer), training=TrainingRun.objects.get(pk=run.pk), at=NOON)
    do_jobs()

    run = TrainingRun.objects.with_related().get(pk=run.pk)
    assert run.version.model_type.slug == run.search.ranking[0]["model_type"]
    assert [row["model_type"] for row in run.search.ranking] == [
        part.model_type.slug for part in run.search.parts.filter(result__isnull=False)
    ]
    assert "The search was stopped before all types were tried to their end." in _said(run)
    # A second click, or another window, finds it done.
    assert (
        stop_search(member=membership(developer), training=run, at=NOON + timedelta(hours=1)).stopped_at
        == NOON
    )


def test_nothing_can_be_taken_before_the_first_type_was_tried(begin, developer):
    run = begin(gym(rows=900), model_type=SEARCH)

    with pytest.raises(NoSearch, match="nothing to take yet"):
        stop_search(member=membership(developer), training=run, at=NOON)

    assert not Job.objects.filter(state=Job.State.CANCELLED).exists()


def test_a_type_that_cannot_be_tried_is_a_row_with_its_reason_and_the_others_go_on(begin, do_jobs):
    run = begin(gym(rows=900), model_type=SEARCH)
    do_jobs(most=1)
    lost = SearchPart.objects.get(search__training=run, model_type__slug="lightgbm")
    error = {"code": "job-lost", "message": "Its worker was lost."}
    Job.objects.filter(pk=lost.job_id).update(state=Job.State.FAILED, error=error)
    do_jobs()

    run = TrainingRun.objects.with_related().get(pk=run.pk)
    assert run.version.model_type.slug in ("logistic_regression", "decision_tree")
    page = show_search(run.search, at=NOON)
    assert [(row.model_type, row.said) for row in page.types if not row.figures] == [
        ("lightgbm", "Its worker was lost.")
    ]


def test_data_that_teach_nothing_end_the_training_with_the_reason(begin, do_jobs, settings):
    run = begin(gym(rows=900), model_type=SEARCH)
    # Whoever reads the stored upload finds another file.
    (settings.MEDIA_ROOT / run.upload_path).write_bytes(b"something else")
    do_jobs()

    run = TrainingRun.objects.with_related().get(pk=run.pk)
    assert run.job.state == Job.State.FAILED
    assert "has a header but no rows" in run.job.error["message"]
    assert run.job.error["message"] == run.search.job.error["message"]
    assert not SearchPart.objects.exclude(job=None).exists()


# --- What is told ----------------------------------------------------------------------------------------


def _said(run):
    return show_search(run.search, at=NOON).sentences


def test_the_page_shows_all_types_the_best_first(client, developer, searched):
    client.force_login(developer)
    page = client.get(reverse("training:search", args=(searched.uuid,))).content.decode()

    names = [row.name for row in show_search(searched.search, at=NOON).types]
    assert [page.index(f'<th scope="row">{name}') for name in names] == sorted(
        page.index(f'<th scope="row">{name}') for name in names
    )
    assert "Learns" in page
    assert "hx-trigger" not in page.partition('id="tried"')[2]
    assert (
        "See how all of them did"
        in client.get(reverse("training:run", args=(searched.uuid,))).content.decode()
    )


def test_the_page_of_a_search_that_goes_on_asks_again(client, developer, begin):
    run = begin(gym(rows=900), model_type=SEARCH)
    client.force_login(developer)

    whole = client.get(reverse("training:search", args=(run.uuid,))).content.decode()
    part = client.get(
        reverse("training:search", args=(run.uuid,)), headers={"HX-Request": "true"}
    ).content.decode()
    running = client.get(reverse("training:run", args=(run.uuid,))).content.decode()

    assert all('hx-trigger="every 3s"' in page for page in (whole, part, running))
    assert part.strip().startswith("<section")
    assert "Take the best so far" not in whole
    assert "The best of several types" in running


def test_programs_are_told_the_same(client, developer, searched):
    client.force_login(developer)
    found = client.get(f"/api/v1/retrainings/{searched.uuid}/search").json()

    assert [row["rank"] for row in found["types"]] == [1, 2, 3]
    assert found["types"][0]["model_type"] == searched.version.model_type.slug
    assert 0.5 < found["types"][0]["figures"]["roc_auc"] <= 1
    assert found["goes_on"] is False
    assert found["sentences"] == _said(searched)


def test_a_training_whose_type_was_chosen_has_no_search(client, developer, begin):
    run = begin(gym())
    client.force_login(developer)

    assert client.get(reverse("training:search", args=(run.uuid,))).status_code == 404
    answer = client.get(f"/api/v1/retrainings/{run.uuid}/search")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-search")
