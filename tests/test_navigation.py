"""Each app puts its own pages into the navigation: what stands there in all, and for whom."""

import pytest

pytestmark = pytest.mark.django_db

COMPANY = [
    ("", "Home"),
    ("", "Predict"),
    ("", "History"),
    ("", "Customer bases"),
    ("", "Purchase logs"),
    ("Models", "Models"),
    ("Models", "Retrain"),
    ("Models", "Data sets"),
    ("Models", "Ledger"),
    ("Company", "People"),
    ("Company", "API keys"),
    ("Company", "Settings"),
]


def navigation(client, path):
    return [(entry["group"], entry["label"]) for entry in client.get(path).context["navigation"]]


def test_a_developer_reaches_every_page_from_three_groups(as_developer):
    assert navigation(as_developer, "/dev/") == COMPANY


def test_a_user_reaches_what_needs_no_developer_and_a_heading_over_one_page_is_left_out(as_user):
    assert navigation(as_user, "/user/") == [*COMPANY[:5], ("", "Models")]
