"""The same file, scored by the same version: who sends it twice is told."""

import pytest
from django.urls import reverse

from predictions.tests.factories import PredictionFactory
from registry.tests.factories import ModelVersionFactory

pytestmark = pytest.mark.django_db

BEFORE = "was already scored by the same model"


def address(name, prediction):
    return reverse(f"predictions:{name}", args=("user", prediction.uuid))


def test_says_that_the_same_file_was_scored_by_the_same_version(as_user, done, predict, user):
    first = done(user, name="First")
    second = done(user, name="Second")
    third = predict(user, name="Third")

    assert BEFORE not in as_user.get(address("result", first)).content.decode()
    for later, before in ((second, first), (third, second)):
        page = as_user.get(address("result", later)).content.decode()
        assert BEFORE in page
        assert f'<a href="{address("result", before)}">{before}</a>' in page


def test_another_file_another_model_and_what_came_to_nothing_are_not_the_same(as_user, user):
    spec = {"format": "csv", "encoding": "utf-8", "delimiter": ",", "sha256": "a" * 64}
    version = ModelVersionFactory(company=user.user.company)

    def run(spec=spec, model=version, **more):
        read = {
            "rows_in": 3, "accepted": 3, "duplicates": 0, "rejected": 0, "warnings": [],
            "unknown_categories": {}, "out_of_range": {}, "spec": spec,
        }  # fmt: skip
        return PredictionFactory(user=user.user, model=model, input_data=read, **more)

    run(spec | {"sha256": "b" * 64})
    run(model=ModelVersionFactory(company=user.user.company))
    run(spec | {"reference": "2026-01-31"})
    run(spec | {"encoding": "latin-1"})
    run(failed=True)

    assert BEFORE not in as_user.get(address("result", run())).content.decode()
    assert BEFORE in as_user.get(address("result", run())).content.decode()
