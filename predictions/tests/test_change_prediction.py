"""A prediction gets another name, or goes, and what of it stays."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from companies.identity import membership
from companies.models import AuditEvent
from companies.services.conditions import NameDiffers
from companies.tests.factories import UserFactory
from core.files.owners import sweep
from jobs.models import Job
from predictions.models import Prediction
from predictions.services.changing import (
    NotYourPrediction,
    PredictionIsGone,
    PredictionIsRunning,
    delete_prediction,
    refuse_deleted,
    rename_prediction,
)
from predictions.services.runs import NameMissing
from predictions.tests.factories import NOON, PredictionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def own(user):
    return PredictionFactory(user=user.user, prediction_name="March", job__state=Job.State.SUCCEEDED)


@pytest.fixture
def of_colleague(company):
    colleague = UserFactory(company=company)
    return PredictionFactory(user=colleague, prediction_name="April", job__state=Job.State.SUCCEEDED)


def events():
    return list(AuditEvent.objects.filter(action__startswith="prediction-").order_by("pk"))


# --- Another name ----------------------------------------------------------------------------------------


@pytest.mark.mariadb
def test_a_user_renames_the_own_one_and_the_former_name_stays_on_record(user, own):
    rename_prediction(prediction=own, name="  March,  again ", by=membership(user), at=NOON)

    own.refresh_from_db()
    assert own.prediction_name == "March, again"
    (event,) = events()
    assert (event.action, event.actor, event.subject) == ("prediction-renamed", user, "March, again")
    assert event.details == {"prediction": str(own.uuid), "before": "March"}


def test_a_name_that_is_the_same_leaves_no_line(user, own):
    rename_prediction(prediction=own, name="March", by=membership(user), at=NOON)

    assert events() == []


def test_refuses_a_prediction_without_a_name(user, own):
    with pytest.raises(NameMissing):
        rename_prediction(prediction=own, name="  ", by=membership(user), at=NOON)


def test_the_developer_changes_those_of_everybody_and_a_user_none_of_others(user, developer, of_colleague):
    with pytest.raises(NotYourPrediction, match="made “April”"):
        rename_prediction(prediction=of_colleague, name="Mine", by=membership(user), at=NOON)
    with pytest.raises(NotYourPrediction):
        delete_prediction(prediction=of_colleague, typed="April", by=membership(user), at=NOON)

    rename_prediction(prediction=of_colleague, name="Spring", by=membership(developer), at=NOON)

    assert Prediction.objects.get().prediction_name == "Spring"


def test_the_developer_of_another_company_changes_nothing(stranger, own):
    with pytest.raises(NotYourPrediction):
        delete_prediction(prediction=own, typed="March", by=membership(stranger), at=NOON)


# --- Gone ------------------------------------------------------------------------------------------------


@pytest.mark.mariadb
def test_it_goes_with_its_job_and_leaves_a_line(user, own):
    delete_prediction(prediction=own, typed="March", by=membership(user), at=NOON)

    assert not Prediction.objects.exists() and not Job.objects.filter(pk=own.job_id).exists()
    (event,) = events()
    assert (event.action, event.actor, event.subject) == ("prediction-deleted", user, "March")
    assert event.details["prediction"] == str(own.uuid)
    assert event.details["model"] == str(own.model)


def test_another_name_deletes_nothing(user, own):
    with pytest.raises(NameDiffers):
        delete_prediction(prediction=own, typed="Mars", by=membership(user), at=NOON)

    assert Prediction.objects.exists() and events() == []


@pytest.mark.parametrize("state", [Job.State.WAITING, Job.State.QUEUED, Job.State.RUNNING])
def test_what_is_being_calculated_is_cancelled_first(user, own, state):
    Job.objects.filter(pk=own.job_id).update(state=state)

    with pytest.raises(PredictionIsRunning, match="Cancel it first"):
        delete_prediction(prediction=own, typed="March", by=membership(user), at=NOON)


def test_its_files_go_with_a_sweep_and_those_of_others_stay(done, user, media_files):
    gone, stays = done(user), done(user, name="Stays")
    before = set(media_files())

    delete_prediction(prediction=gone, typed="March base", by=membership(user), at=NOON)
    sweep(at=timezone.now() + timedelta(days=2))

    removed = before - set(media_files())
    names = {gone.upload_dataset_path, gone.result_dataset_path}
    assert {path.name.split(".")[0] for path in removed} == {
        name.split("/")[-1].split(".")[0] for name in names
    }
    assert any(stays.result_dataset_path.endswith(path.name) for path in media_files())


def test_the_same_request_sent_again_begins_anew(predict, do_jobs, user):
    first = predict(user, idempotency_key="k1")
    do_jobs()
    first.refresh_from_db()
    delete_prediction(prediction=first, typed=first.prediction_name, by=membership(user), at=NOON)

    again = predict(user, idempotency_key="k1")

    assert again.uuid != first.uuid and not again.job.has_ended


@pytest.mark.any_database
def test_the_second_of_two_clicks_that_meet_finds_it_gone(user, own):
    member = membership(user)
    met = Prediction.objects.get(pk=own.pk)
    delete_prediction(prediction=own, typed=own.prediction_name, by=member, at=NOON)

    with pytest.raises(PredictionIsGone, match="was deleted"):
        delete_prediction(prediction=met, typed=met.prediction_name, by=member, at=NOON)
    with pytest.raises(PredictionIsGone, match=met.prediction_name):
        refuse_deleted(met.uuid, member)


# --- Pages -----------------------------------------------------------------------------------------------


def address(name, prediction, portal="user"):
    return reverse(f"predictions:{name}", args=(portal, prediction.uuid))


def test_the_page_leads_to_both_and_they_do_it(as_user, as_developer, done, user):
    prediction = done(user)
    page = as_user.get(address("result", prediction)).content.decode()
    assert address("rename", prediction) in page and address("delete", prediction) in page

    renamed = as_user.post(address("rename", prediction), {"name": "Spring"}, follow=True)
    differs = as_user.post(address("delete", prediction), {"confirm_name": "March base"})
    deleted = as_user.post(address("delete", prediction), {"confirm_name": "Spring"}, follow=True)

    assert "It is called “Spring” now." in renamed.content.decode()
    assert differs.status_code == 422 and "Type Spring to confirm" in differs.content.decode()
    assert "“Spring” was deleted." in deleted.content.decode()
    assert as_user.get(address("result", prediction)).status_code == 404
    # The second of two clicks; of a colleague's the address is as good as none.
    again = as_user.post(address("delete", prediction), {"confirm_name": "Spring"}, follow=True)
    assert (
        again.redirect_chain == deleted.redirect_chain and "“Spring” was deleted." in again.content.decode()
    )
    assert as_developer.post(address("delete", prediction, "dev")).status_code == 404


def test_the_page_of_a_colleague_leads_to_neither(as_user, as_developer, of_colleague):
    page = as_user.get(address("result", of_colleague)).content.decode()

    assert address("rename", of_colleague) not in page and address("delete", of_colleague) not in page
    for name in ("rename", "delete"):
        assert as_user.get(address(name, of_colleague)).status_code == 403
        assert as_developer.get(address(name, of_colleague, "dev")).status_code == 200


def test_a_name_that_is_missing_is_said_beside_the_field(as_user, own):
    answer = as_user.post(address("rename", own), {"name": " "})

    assert answer.status_code == 400
    assert "Give the prediction a name." in answer.content.decode()


# --- Programs --------------------------------------------------------------------------------------------


def test_a_program_renames_and_deletes_by_the_same_rules(as_user, done, user):
    prediction = done(user)
    path = reverse("predictions:api_run", args=(prediction.uuid,))

    renamed = as_user.patch(path, {"name": " Spring "}, content_type="application/json")
    nameless = as_user.patch(path, {"name": " "}, content_type="application/json")
    differs = as_user.delete(f"{path}?confirm_name=March")
    deleted = as_user.delete(f"{path}?confirm_name=Spring")

    assert (renamed.status_code, renamed.json()["name"]) == (200, "Spring")
    assert nameless.json()["message"].startswith("Give the prediction a name")
    assert (differs.status_code, differs.json()["code"]) == (422, "name-differs")
    assert deleted.status_code == 204
    assert as_user.get(path).status_code == 404
    assert [event.action for event in events()] == ["prediction-renamed", "prediction-deleted"]


def test_a_program_changes_nothing_of_a_colleague(as_user, of_colleague):
    path = reverse("predictions:api_run", args=(of_colleague.uuid,))

    for answer in (
        as_user.patch(path, {"name": "Mine"}, content_type="application/json"),
        as_user.delete(f"{path}?confirm_name=April"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "not-your-prediction")
    assert Prediction.objects.get().prediction_name == "April"
