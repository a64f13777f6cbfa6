"""Each training plans exactly the steps that it then takes: so the whole has a percentage."""

import pytest
from django.core.files.base import ContentFile

from companies.identity import membership
from ml.samples.sample_logs import make_sample_log
from registry.models import ModelType
from registry.tests.factories import NOON
from training.services.feature_training import start_feature_training
from training.services.steps import steps_of_log, steps_of_retraining
from training.tests.own import gym
from transactions.services.processing import name_columns, process_features
from transactions.services.uploads import start_analysis
from transactions.tests.logs import read_here

pytestmark = pytest.mark.django_db


def planned(job):
    return [name for name, _ in job.plan]


def test_a_retraining_takes_the_steps_it_plans(retrained, labelled, taken):
    run = retrained(labelled())

    assert taken == planned(run.job) and run.job.step == "Register"
    assert run.job.percent(at=NOON) == 100


def test_a_first_training_on_an_own_table_takes_the_steps_it_plans(begin, do_jobs, taken):
    run = begin(gym())

    do_jobs()

    run.job.refresh_from_db()
    assert taken == planned(run.job)


def test_a_training_on_a_log_takes_the_steps_it_plans(developer, do_jobs, taken):
    member = membership(developer)
    log = ContentFile(make_sample_log("coffee_shop", customers=900), name="log.csv")
    analysis = start_analysis(member=member, upload=log, at=NOON)
    read_here(analysis, mapping=name_columns(analysis))
    matrix = process_features(analysis=analysis, at=NOON)
    do_jobs()
    taken.clear()
    training = start_feature_training(member=member, matrix=matrix, at=NOON)

    do_jobs()

    training.job.refresh_from_db()
    assert training.job.state == "SUCCEEDED", training.job.error
    assert taken == planned(training.job)


def test_learning_weighs_most_and_each_type_as_it_takes():
    slow, quick = ModelType(slug="neural_network"), ModelType(slug="logistic_regression")

    for steps in (
        lambda kind: steps_of_retraining(kind, compared=1),
        lambda kind: steps_of_log(kind, labels_are_given=True, has_champion=False),
    ):
        assert dict(steps(slow))["Train"] > 2 * dict(steps(quick))["Train"]
        assert dict(steps(slow))["Train"] > sum(weight for name, weight in steps(slow) if name != "Train")
    assert "Champion" in dict(steps_of_log(slow, labels_are_given=False, has_champion=True))
