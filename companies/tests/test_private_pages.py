"""What a member was shown stays in no browser and no proxy: the next person at the machine may be anybody."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/user/", "/user/predictions/", "/user/models/", "/api/v1/prediction-runs"])
def test_nothing_that_a_member_sees_is_kept(as_user, path):
    assert as_user.get(path).headers["Cache-Control"] == "private, no-store"


def test_neither_is_a_fragment_nor_a_refusal(as_user):
    fragment = as_user.get("/user/predictions/", headers={"HX-Request": "true"})
    refusal = as_user.post("/user/predict/", {})

    assert refusal.status_code == 400
    assert fragment.headers["Cache-Control"] == refusal.headers["Cache-Control"] == "private, no-store"


def test_what_everybody_may_read_is_left_alone():
    assert "Cache-Control" not in Client().get("/").headers
