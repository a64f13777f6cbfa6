"""What the environment says that cannot work is refused at the start, and no secret is repeated."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from churnbuster.env import database


@pytest.mark.parametrize("scheme", ["postgres", "oracle", "mssql"])
def test_a_database_without_our_triggers_is_refused(monkeypatch, scheme):
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://churn:hunter2@db.example.com/churnbuster")

    with pytest.raises(ImproperlyConfigured, match="must begin with sqlite") as refusal:
        database("sqlite:///unused")

    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "engine"),
    [
        ("mysql://churn:hunter2@db.example.com/churnbuster", "django.db.backends.mysql"),
        ("sqlite:////srv/churn.sqlite3", "django.db.backends.sqlite3"),
    ],
)
def test_the_two_that_have_them_are_taken(monkeypatch, url, engine):
    monkeypatch.setenv("DATABASE_URL", url)

    assert database("sqlite:///unused")["ENGINE"] == engine
