"""The pages, the API and the admin show a job and stop it; they hide those of other companies."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from companies.services.api_keys import create_api_key
from jobs.models import Job, JobDependency
from jobs.tests.factories import JobFactory

pytestmark = [pytest.mark.django_db, pytest.mark.mariadb]


@pytest.fixture
def job(company, user):
    return JobFactory(company=company, account=user)


@pytest.fixture
def running(company, user):
    return JobFactory(company=company, account=user, running=True, step="Scoring", done=25, total=100)


def page(job, portal="user"):
    return reverse("jobs:progress", kwargs={"portal": portal, "job_id": job.pk})


def cancel(job, portal="user"):
    return reverse("jobs:cancel", kwargs={"portal": portal, "job_id": job.pk})


def fragment(client, job, portal="user"):
    return client.get(page(job, portal), headers={"HX-Request": "true"})


def without_tokens(response):
    """Return the text of the page without ids and the CSRF tokens, which differ from page to page."""
    return re.sub(r"\b(?:[A-Za-z0-9]{64}|[0-9a-f-]{36})\b", "", response.content.decode())


def test_a_running_job_shows_its_step_and_asks_for_itself(as_user, running):
    response = fragment(as_user, running)

    text = response.content.decode()
    assert "Scoring" in text and "25 of 100" in text
    assert f'hx-get="{page(running)}"' in text and "hx-trigger" in text
    assert cancel(running) in text
    assert "<html" not in text
    assert "HX-Refresh" not in response


def test_time_left_is_told_roughly(as_user, running):
    running.step_started_at = timezone.now() - timedelta(minutes=10)
    running.save()

    assert re.search(r"about 3\d\s*min left", fragment(as_user, running).content.decode())


@pytest.mark.parametrize("state", Job.ENDED)
def test_an_ended_job_stops_asking_and_makes_the_page_show_the_result(as_user, company, state):
    ended = JobFactory(company=company, state=state, error={"code": "x", "message": "Row 7 has no id."})

    response = fragment(as_user, ended)

    assert response["HX-Refresh"] == "true"
    assert "hx-trigger" not in response.content.decode()
    assert ("Row 7 has no id." in response.content.decode()) is (state == Job.State.FAILED)


def test_the_page_works_without_javascript(as_user, job, running):
    text = as_user.get(page(running)).content.decode()
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "Waiting for its turn" in as_user.get(page(job)).content.decode()

    Job.objects.update(state=Job.State.SUCCEEDED)
    assert 'http-equiv="refresh"' not in as_user.get(page(running)).content.decode()


def test_a_job_that_comes_after_others_says_which_and_can_be_cancelled(as_user, company, user, job):
    after = [job]
    for title in ("Reading a.csv", "Reading b.csv", "Reading c.csv"):
        waiting = JobFactory(company=company, account=user, state=Job.State.WAITING, title=title)
        for predecessor in after:
            JobDependency.objects.create(job=waiting, predecessor=predecessor)
        after.append(waiting)

    texts = [fragment(as_user, one).content.decode() for one in after[1:]]

    assert "Waits for “Count to three”" in texts[0]
    assert "Waits for “Count to three” and “Reading a.csv”" in texts[1]
    assert "Waits for “Count to three”, “Reading a.csv” and 1 more" in texts[2]
    assert "hx-trigger" in texts[0] and cancel(after[1]) in texts[0]
    answer = as_user.get(reverse("jobs:api-detail", kwargs={"job_id": waiting.pk})).json()
    assert answer["waits_for"] == ["Count to three", "Reading a.csv", "Reading b.csv"]
    listed = as_user.get(reverse("jobs:api-list")).json()
    assert [one["waits_for"] for one in listed["results"] if one["id"] == str(job.pk)] == [[]]

    as_user.post(cancel(after[1]))

    assert "Nothing of it was kept" in fragment(as_user, after[1]).content.decode()


def test_answers_are_never_cached(as_user, job):
    assert "no-store" in as_user.get(page(job))["Cache-Control"]


def test_a_developer_sees_the_jobs_of_the_company(as_developer, running):
    assert fragment(as_developer, running, "dev").status_code == 200


def test_a_job_of_another_company_answers_as_one_that_does_not_exist(as_foreign_user, job):
    absent = JobFactory.build(id=uuid.uuid4())

    foreign, none = (as_foreign_user.get(page(each)) for each in (job, absent))
    assert (foreign.status_code, none.status_code) == (404, 404)
    assert without_tokens(foreign) == without_tokens(none)
    assert as_foreign_user.post(cancel(job)).status_code == 404
    job.refresh_from_db()
    assert job.state == "QUEUED"


def test_who_is_not_logged_in_is_sent_to_the_login(client, job):
    assert client.get(page(job)).status_code == 302
    assert client.post(cancel(job)).status_code == 302


def test_users_do_not_see_the_work_of_developers(as_user, as_developer, company, developer):
    retraining = JobFactory(company=company, account=developer, task="training.retrain")
    detail = reverse("jobs:api-detail", kwargs={"job_id": retraining.pk})
    stop = reverse("jobs:api-cancel", kwargs={"job_id": retraining.pk})

    assert as_user.get(page(retraining)).status_code == as_user.post(cancel(retraining)).status_code == 404
    assert as_user.get(detail).status_code == as_user.post(stop).status_code == 404
    assert as_user.get(reverse("jobs:api-list")).json()["results"] == []

    assert as_developer.get(page(retraining, "dev")).status_code == 200
    assert as_developer.get(detail).status_code == 200
    assert as_developer.post(stop).json()["state"] == "CANCELLED"


@pytest.mark.parametrize(
    ("task", "scope", "other"),
    [("training.retrain", "train", "predict"), ("predictions.score", "predict", "train")],
)
def test_a_key_cancels_what_it_could_start(company, developer, task, scope, other):
    job = JobFactory(company=company, account=developer, task=task)
    stop = reverse("jobs:api-cancel", kwargs={"job_id": job.pk})
    allowed, refused = (key_with(company, developer, each) for each in (scope, other))

    answer = refused.post(stop)
    assert (answer.status_code, answer.json()["code"]) == (403, "missing-scope")
    assert f"“{scope}”" in answer.json()["message"]
    job.refresh_from_db()
    assert job.state == "QUEUED"

    assert allowed.post(stop).json()["state"] == "CANCELLED"


def key_with(company, developer, scope):
    _, secret = create_api_key(company=company, name=scope, scopes=[scope], by=developer, at=timezone.now())
    return Client(headers={"Authorization": f"Api-Key {secret}"})


def test_cancel_is_offered_only_to_who_may(as_user, as_developer, company, developer):
    of_developer = JobFactory(company=company, account=developer)

    assert cancel(of_developer) not in as_user.get(page(of_developer)).content.decode()
    assert cancel(of_developer, "dev") in as_developer.get(page(of_developer, "dev")).content.decode()


def test_cancel_stops_a_waiting_job_and_returns_to_the_page_with_the_bar(as_user, job):
    response = as_user.post(cancel(job), headers={"referer": "http://testserver/user/predictions/"})

    job.refresh_from_db()
    assert job.state == "CANCELLED"
    assert response["Location"] == "http://testserver/user/predictions/"


def test_cancel_never_leads_to_another_site(as_user, job):
    response = as_user.post(cancel(job), headers={"referer": "https://evil.example.com/"})

    assert response["Location"] == page(job)


def test_cancel_of_a_running_job_shows_that_it_stops(as_user, running):
    response = as_user.post(cancel(running), headers={"HX-Request": "true"})

    assert "Stopping at the next step" in response.content.decode()
    assert cancel(running) not in response.content.decode()


def test_cancel_of_an_ended_job_is_refused_with_a_sentence(as_user, company, user):
    ended = JobFactory(company=company, account=user, state="SUCCEEDED")

    response = as_user.post(cancel(ended))

    assert response.status_code == 409
    assert "already ended" in response.content.decode()


def test_a_colleague_is_refused(as_user, company, developer):
    assert as_user.post(cancel(JobFactory(company=company, account=developer))).status_code == 403


def test_cancel_is_no_link(as_user, job):
    assert as_user.get(cancel(job)).status_code == 405


# --- API -------------------------------------------------------------------------------------------------


def test_the_api_tells_where_a_job_stands(as_user, running):
    body = as_user.get(reverse("jobs:api-detail", kwargs={"job_id": running.pk})).json()

    assert body["id"] == str(running.pk)
    assert (body["state"], body["step"], body["percent"], body["error"]) == ("RUNNING", "Scoring", 25, None)
    assert "payload" not in body and "worker" not in body


def test_the_api_lists_the_jobs_of_the_own_company(as_user, job, other_company):
    JobFactory(company=other_company)

    assert [entry["id"] for entry in as_user.get(reverse("jobs:api-list")).json()["results"]] == [str(job.pk)]


@pytest.mark.parametrize("limit", ["0", "-1", "many", 2**63, "9" * 30])
def test_the_api_lists_whatever_limit_is_asked_for(as_user, job, limit):
    answer = as_user.get(reverse("jobs:api-list"), {"limit": limit})

    assert [row["id"] for row in answer.json()["results"]] == [str(job.pk)]


def test_the_api_cancels(as_user, job):
    response = as_user.post(reverse("jobs:api-cancel", kwargs={"job_id": job.pk}))

    assert (response.status_code, response.json()["state"]) == (200, "CANCELLED")
    again = as_user.post(reverse("jobs:api-cancel", kwargs={"job_id": job.pk}))
    assert (again.status_code, again.json()["code"]) == (409, "job-has-ended")


@pytest.mark.parametrize("name", ["api-detail", "api-cancel"])
def test_the_api_hides_jobs_of_other_companies(as_foreign_user, job, name):
    method = as_foreign_user.post if name == "api-cancel" else as_foreign_user.get

    foreign = method(reverse(f"jobs:{name}", kwargs={"job_id": job.pk}))
    absent = method(reverse(f"jobs:{name}", kwargs={"job_id": uuid.uuid4()}))

    assert (
        (foreign.status_code, foreign.content)
        == (absent.status_code, absent.content)
        == (404, foreign.content)
    )


def test_the_api_needs_a_login(client, job):
    assert client.get(reverse("jobs:api-detail", kwargs={"job_id": job.pk})).status_code == 401


# --- Admin -----------------------------------------------------------------------------------------------


def act(client, action, job):
    return client.post(
        reverse("admin:jobs_job_changelist"), {"action": action, "_selected_action": str(job.pk)}, follow=True
    )


def test_an_operator_queues_a_failed_job_again(as_operator, company):
    failed = JobFactory(company=company, failed=True)

    act(as_operator, "queue_again", failed)

    failed.refresh_from_db()
    assert (failed.state, failed.error) == ("QUEUED", None)


def test_an_operator_cancels_and_reads_why_it_was_refused(as_operator, job):
    act(as_operator, "cancel", job)
    refused = act(as_operator, "cancel", job)

    job.refresh_from_db()
    assert job.state == "CANCELLED"
    assert "already ended" in refused.content.decode()


def test_an_operator_changes_nothing_by_hand(as_operator, job):
    change = reverse("admin:jobs_job_change", args=[job.pk])

    assert as_operator.get(change).status_code == 200
    as_operator.post(change, {"state": "SUCCEEDED", "title": "forged"})
    job.refresh_from_db()
    assert (job.state, job.title) == ("QUEUED", "Count to three")
    assert as_operator.get(reverse("admin:jobs_job_add")).status_code == 403
    assert as_operator.post(reverse("admin:jobs_job_delete", args=[job.pk])).status_code == 403
