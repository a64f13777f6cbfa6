"""Training on a purchase log from its page: asked for once, refused in place, found again, told in full."""

import re
import uuid

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from companies.identity import membership
from jobs.models import Job
from ml.samples.sample_logs import make_sample_log
from registry.models import ModelVersion
from registry.selectors import champion_of
from registry.services.populations import change_population
from registry.tests.factories import NOON
from training.models import TrainingRun
from training.services.log_training import train_on_log
from training.services.runs import OnlyDevelopers
from transactions.models import FeatureMatrix
from transactions.services.configuration import configure_analysis
from transactions.services.processing import name_columns
from transactions.services.uploads import start_analysis
from transactions.tests.logs import read_here

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

WANTED = {"model_type": "logistic_regression", "feature_set": "rfm_v2"}


@pytest.fixture
def member(developer):
    return membership(developer)


@pytest.fixture
def uploaded(member):
    log = ContentFile(make_sample_log("coffee_shop", customers=700), name="coffee.csv")
    return start_analysis(member=member, upload=log, at=NOON)


@pytest.fixture
def analysis(uploaded):
    return read_here(uploaded, mapping=name_columns(uploaded))


@pytest.fixture
def trained(member, analysis, do_jobs):
    training = train_on_log(member=member, analysis=analysis, **WANTED, at=NOON)
    finish(do_jobs)
    return TrainingRun.objects.with_related().get(pk=training.pk)


def finish(do_jobs):
    while jobs := do_jobs():
        assert [job.error for job in jobs] == [None] * len(jobs)


def page_of(analysis):
    return reverse("training:log_model", args=(analysis.pk,))


# --- The service -----------------------------------------------------------------------------------------


def test_features_are_computed_first_and_only_where_they_are_not_there(member, analysis, do_jobs):
    first = train_on_log(member=member, analysis=analysis, **WANTED, at=NOON)

    again = train_on_log(
        member=member, analysis=analysis, **WANTED | {"model_type": "random_forest"}, at=NOON
    )

    assert first.matrix == again.matrix and first.job.state == Job.State.WAITING
    assert FeatureMatrix.objects.count() == 1


def test_another_definition_gets_features_of_its_own(member, analysis):
    first = train_on_log(member=member, analysis=analysis, **WANTED, at=NOON)
    configure_analysis(analysis=analysis, horizon_days=45, at=NOON)
    analysis.refresh_from_db()

    second = train_on_log(member=member, analysis=analysis, **WANTED, at=NOON)

    assert first.matrix != second.matrix
    assert second.matrix.horizon_days == 45


def test_sent_twice_it_is_one_training(member, analysis):
    sent = {"member": member, "analysis": analysis, "idempotency_key": str(uuid.uuid4()), "at": NOON}

    first, second = (
        train_on_log(**sent, **WANTED),
        train_on_log(**sent, **WANTED | {"feature_set": "retail_v1"}),
    )

    assert first == second
    assert (TrainingRun.objects.count(), FeatureMatrix.objects.count()) == (1, 1)


def test_a_user_trains_nothing(user, analysis):
    with pytest.raises(OnlyDevelopers):
        train_on_log(member=membership(user), analysis=analysis, **WANTED, at=NOON)

    assert not FeatureMatrix.objects.exists()


# --- The pages -------------------------------------------------------------------------------------------


def test_the_page_of_a_log_leads_a_developer_to_a_model(as_developer, as_user, analysis):
    link = page_of(analysis)

    assert link in as_developer.get(f"/dev/logs/{analysis.pk}/").content.decode()
    assert link not in as_user.get(f"/user/logs/{analysis.pk}/").content.decode()
    assert f'href="{link}" aria-current="page">Model' in as_developer.get(link).content.decode()


def next_steps(client, analysis):
    """Return the filled buttons of the page of a log."""
    page = client.get(f"/dev/logs/{analysis.pk}/").content.decode()
    return re.findall(r'<(?:a|button) class="btn primary"[^>]*>([^<]+)<', page.partition("<main")[2])


def test_pages_about_tables_lead_to_where_models_of_purchases_learn(as_developer, analysis):
    for page in ("runs", "datasets", "new"):
        told = as_developer.get(reverse(f"training:{page}")).content.decode()

        assert "Models of customers from a log learn there" in told and page_of(analysis) in told


def test_the_page_of_a_log_has_one_next_step_and_says_it_once(as_developer, analysis):
    assert next_steps(as_developer, analysis) == ["Choose a model"]

    page = as_developer.get(f"/dev/logs/{analysis.pk}/").content.decode()

    assert "What next?" not in page and page.count("Learn who will leave") == 1


def test_a_log_that_was_learned_from_is_scored_next(as_developer, trained, analysis):
    assert next_steps(as_developer, analysis) == ["Score the customers"]


def test_the_form_trains_once_and_leads_to_its_progress(as_developer, analysis):
    sent = WANTED | {"token": str(uuid.uuid4())}

    first, second = as_developer.post(page_of(analysis), sent), as_developer.post(page_of(analysis), sent)

    training = TrainingRun.objects.get()
    assert first["Location"] == second["Location"] == f"{page_of(analysis)}{training.uuid}/"
    text = as_developer.get(first["Location"]).content.decode()
    assert "Features are computed at two earlier days" in text
    assert reverse("jobs:cancel", args=("dev", training.job_id)) in text
    assert f"{page_of(analysis)}{training.uuid}/" in as_developer.get(page_of(analysis)).content.decode()


def test_htmx_gets_the_refusal_alone_and_follows_where_it_went_well(as_developer, analysis):
    headers = {"HX-Request": "true"}

    refused = as_developer.post(page_of(analysis), {"model_type": "poetry"}, headers=headers)
    taken = as_developer.post(page_of(analysis), WANTED, headers=headers)

    assert refused.status_code == 400 and b"<html" not in refused.content
    assert taken.headers["HX-Redirect"].startswith(page_of(analysis))


def test_a_log_that_was_not_read_has_no_model_page(as_developer, uploaded):
    assert as_developer.get(page_of(uploaded)).status_code == 404


def test_the_log_of_another_company_and_none_answer_alike(as_stranger, member, analysis):
    training = train_on_log(member=member, analysis=analysis, **WANTED, at=NOON)
    theirs = [page_of(analysis), f"{page_of(analysis)}{training.uuid}/"]
    nobodys = [page.replace(str(analysis.pk), str(uuid.UUID(int=1))) for page in theirs]

    answers = [as_stranger.get(page) for page in (*theirs, *nobodys)]

    assert {answer.status_code for answer in answers} <= {403, 404}
    assert [answer.status_code for answer in answers[:2]] == [answer.status_code for answer in answers[2:]]
    assert str(analysis).encode() not in b"".join(answer.content for answer in answers)


def test_users_are_refused(as_user, analysis):
    assert as_user.get(page_of(analysis)).status_code in (302, 403)
    assert as_user.post(page_of(analysis), WANTED).status_code in (302, 403)
    assert not TrainingRun.objects.exists()


def test_a_finished_training_tells_how_good_it_is_and_what_comes_next(as_developer, trained, analysis):
    text = as_developer.get(f"{page_of(analysis)}{trained.uuid}/").content.decode()

    for words in (
        "Knowing nothing",
        "Simple rule: ",
        "nobody can have judged it yet",
        trained.report["deployment"]["reason"],
        f"{trained.version.metrics.additional_metrics['rows']:,} customers",
        reverse("registry:version", args=("dev", trained.version_id)),
        reverse("predictions:score_log", args=("dev", analysis.pk)),
    ):
        assert words in text, words
    assert str(trained.version) in as_developer.get(page_of(analysis)).content.decode()
    # The card of the version leads to the features and to the log that it learned from.
    card = as_developer.get(reverse("registry:version", args=("dev", trained.version_id))).content.decode()
    assert "Its recipe learned from the customers of" in card and "cannot have been judged yet" in card
    assert not re.search(r"[Tt]ried on [\d,]+ customers", card)
    links = re.findall(r'href="([^"]+)"', card.partition('id="data"')[2].partition(">Serving ")[0])
    assert links == [
        reverse("transactions:matrix", args=("dev", analysis.pk, trained.matrix.pk)),
        reverse("transactions:analysis", args=("dev", analysis.pk)),
    ]
    assert [as_developer.get(link).status_code for link in links] == [200, 200]
    # A report that compares nothing leads to the card.
    TrainingRun.objects.filter(pk=trained.pk).update(report={"split": "stratified", "warnings": []})

    answer = as_developer.get(f"{page_of(analysis)}{trained.uuid}/")

    assert answer["Location"] == reverse("registry:version", args=("dev", trained.version_id))


def test_where_models_are_deployed_by_hand_the_page_leads_there(as_developer, member, analysis, do_jobs):
    base = analysis.population
    change_population(
        population=base, by=member.account, at=NOON, policies=base.policies | {"promotion": "by_hand"}
    )
    training = train_on_log(member=member, analysis=analysis, **WANTED, at=NOON)
    finish(do_jobs)

    text = as_developer.get(f"{page_of(analysis)}{training.uuid}/").content.decode()

    version = ModelVersion.objects.get(training_run=training)
    assert champion_of(member.company, base) is None
    assert "by hand" in version.training_run.report["deployment"]["reason"]
    assert reverse("registry:deploy", args=(version.pk,)) in text
    assert reverse("predictions:score_log", args=("dev", analysis.pk)) not in text
    assert next_steps(as_developer, analysis) == ["Deploy the model"]


def test_a_training_that_failed_says_why_and_leads_back(as_developer, member, do_jobs):
    short = ContentFile(make_sample_log("coffee_shop", customers=30), name="short.csv")
    analysis = start_analysis(member=member, upload=short, at=NOON)
    read_here(analysis, mapping=name_columns(analysis))
    training = train_on_log(member=member, analysis=analysis, **WANTED, at=NOON)
    while do_jobs():
        pass

    text = as_developer.get(f"{page_of(analysis)}{training.uuid}/").content.decode()

    assert "at least 30 customers who left" in text
    assert (
        "a longer active window" in text and reverse("transactions:churn", args=("dev", analysis.pk)) in text
    )
    assert "Train again" in text
