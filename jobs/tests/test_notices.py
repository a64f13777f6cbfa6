"""Who started work is told that it ended wherever they are, and by mail where they asked for one."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from companies.mail import absolute
from core.models import UntoldEvent
from jobs import orders, services
from jobs.models import Job, JobDependency, JobMail
from jobs.notices import ask_for_mail, write_about_end
from jobs.tests.factories import JobFactory

pytestmark = [pytest.mark.django_db, pytest.mark.mariadb]


@pytest.fixture
def running(company, user):
    return JobFactory(company=company, account=user, running=True, title="Scoring spring.csv")


def url(name, job=None):
    return reverse(f"jobs:{name}", kwargs={"portal": "user"} | ({"job_id": job.pk} if job else {}))


def end(job, *, state=Job.State.SUCCEEDED, ago=timedelta()):
    Job.objects.filter(pk=job.pk).update(state=state, finished_at=timezone.now() - ago, lease_until=None)


def text(answer):
    return " ".join(answer.content.decode().split())


# --- On every page ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "said"),
    [("SUCCEEDED", "is done."), ("FAILED", "failed."), ("CANCELLED", "was cancelled.")],
)
def test_every_page_says_that_own_work_ended_until_that_is_hidden(as_user, running, state, said):
    home = "/user/"
    assert "Scoring spring.csv</b>" not in text(as_user.get(home))
    assert f'hx-get="{url("news")}?page=/user/"' in text(as_user.get(home))

    end(running, state=state)

    page = text(as_user.get(home))
    assert f"<b>Scoring spring.csv</b> {said}" in page and url("progress", running) in page
    assert "hx-trigger" not in page.partition('id="job-news"')[2].partition("</div>")[0]
    assert as_user.post(url("seen"), headers={"referer": "http://testserver/user/"})["Location"].endswith(
        home
    )
    assert "Scoring spring.csv" not in text(as_user.get(home))


def test_a_page_that_is_open_hears_of_it(as_user, running):
    asked = f"{url('news')}?page=/user/"
    assert "hx-trigger" in text(as_user.get(asked, headers={"HX-Request": "true"}))

    end(running)

    heard = text(as_user.get(asked, headers={"HX-Request": "true"}))
    assert "Scoring spring.csv" in heard and "<html" not in heard


def test_the_page_of_the_work_itself_is_how_it_is_seen(as_user, running):
    end(running)

    assert 'class="notice success"><p>' not in text(as_user.get(url("progress", running)))

    running.refresh_from_db()
    assert running.seen_at and "Scoring spring.csv" not in text(as_user.get("/user/"))


@pytest.mark.parametrize(("after_any_end", "told"), [(False, False), (True, True)])
def test_a_step_that_other_work_waited_for_is_told_only_if_it_failed(
    as_user, running, company, user, after_any_end, told
):
    whole = JobFactory(
        company=company, account=user, title="Training", after_any_end=after_any_end,
        state=Job.State.WAITING,
    )  # fmt: skip
    JobDependency.objects.create(job=whole, predecessor=running)

    end(running)
    assert ("<b>Scoring spring.csv</b> is done." in text(as_user.get("/user/"))) == told

    end(running, state=Job.State.FAILED)
    assert "<b>Scoring spring.csv</b> failed." in text(as_user.get("/user/"))


def test_nobody_hears_of_what_others_started_or_of_what_is_long_over(
    as_user, as_developer, as_foreign_user, running, company, user
):
    end(running, ago=timedelta(days=4))
    end(JobFactory(company=company, account=user, running=True, title="Scoring june.csv"))

    told = text(as_user.get("/user/"))
    assert "Scoring june.csv" in told and "Scoring spring.csv" not in told
    for other, home in ((as_developer, "/dev/"), (as_foreign_user, "/user/")):
        assert "Scoring june.csv</b>" not in text(other.get(home))


# --- By mail ---------------------------------------------------------------------------------------------


def finish(job):
    with transaction.atomic():
        services.finish_job(job=job, attempt=job.attempt, at=timezone.now())


def fail(job):
    services.fail_job(job=job, attempt=job.attempt, error=ValueError("x"), at=timezone.now())


@pytest.mark.parametrize(("ends", "said"), [(finish, "is done"), (fail, "failed")])
def test_who_asked_gets_one_mail_when_it_ends(
    as_user, running, user, ends, said, django_capture_on_commit_callbacks
):
    for _ in range(2):
        as_user.post(url("mail", running), {"wanted": "yes"})
    assert "A mail is sent to you when it ends." in text(as_user.get(url("progress", running)))

    with django_capture_on_commit_callbacks(execute=True):
        ends(running)

    (letter,) = mail.outbox
    assert letter.to == [user.email] and letter.subject.endswith(f"“Scoring spring.csv” {said}")
    assert letter.body.startswith(f"“Scoring spring.csv” {said}. ")
    assert f"\n\n{absolute(url('progress', running))}\n\nYou asked for this mail" in letter.body
    assert not JobMail.objects.exists() and not UntoldEvent.objects.exists()


def test_a_name_stands_in_the_subject_whole(running, user):
    Job.objects.update(title="Scoring R&D\nb.csv")
    ask_for_mail(job=running, by=user, at=timezone.now())
    end(running)

    write_about_end(job_id=str(running.pk), account_id=user.pk, at=timezone.now())

    assert mail.outbox[0].subject.endswith("“Scoring R&D b.csv” is done")


def test_a_wish_that_was_taken_back_sends_none(as_user, running, django_capture_on_commit_callbacks):
    as_user.post(url("mail", running), {"wanted": "yes"})
    as_user.post(url("mail", running), {"wanted": "no"}, headers={"HX-Request": "true"})

    with django_capture_on_commit_callbacks(execute=True):
        finish(running)

    assert mail.outbox == []


def test_a_cancel_is_told_as_well(running, user, developer, django_capture_on_commit_callbacks):
    Job.objects.update(state="QUEUED")
    ask_for_mail(job=running, by=user, at=timezone.now())

    with django_capture_on_commit_callbacks(execute=True):
        orders.request_cancel(job=running, by=developer, at=timezone.now())

    assert mail.outbox[0].subject.endswith("was cancelled")


def test_who_may_no_longer_see_it_gets_none(running, user, django_capture_on_commit_callbacks):
    ask_for_mail(job=running, by=user, at=timezone.now())
    user.is_active = False
    user.save()

    with django_capture_on_commit_callbacks(execute=True):
        finish(running)

    assert mail.outbox == [] and not JobMail.objects.exists()


def test_being_told_twice_sends_one_mail(running, user):
    ask_for_mail(job=running, by=user, at=timezone.now())
    end(running)

    for _ in range(2):
        write_about_end(job_id=str(running.pk), account_id=user.pk, at=timezone.now())

    assert len(mail.outbox) == 1


def test_what_has_ended_cannot_be_waited_for(running, user):
    end(running)

    with pytest.raises(orders.JobHasEnded, match="already ended"):
        ask_for_mail(job=running, by=user, at=timezone.now())


def test_others_cannot_ask(as_foreign_user, running):
    assert as_foreign_user.post(url("mail", running)).status_code == 404
    assert not JobMail.objects.exists()
