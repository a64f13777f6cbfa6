"""What the environment says that cannot work is refused at the start, and no secret is repeated."""

import ast
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest
from django.core.exceptions import ImproperlyConfigured

from churnbuster.env import close_to_others, database, folder
from tests.places import REPOSITORY, our_packages


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


def mode_of(path):
    return path.stat().st_mode & 0o777


@pytest.fixture
def open_to_all(tmp_path):
    """Return a folder as a version before wrote it, with a letter and a link out of it."""
    outside = tmp_path / "elsewhere.txt"
    outside.write_text("somebody else's")
    outside.chmod(0o644)
    state = tmp_path / "var"
    (state / "mail").mkdir(parents=True)
    letter = state / "mail" / "letter.log"
    letter.write_text("a secret link")
    (state / "link").symlink_to(outside)
    letter.chmod(0o644)
    for place in (state, state / "mail"):
        place.chmod(0o755)
    return state


def test_what_an_earlier_version_wrote_is_closed_to_others(open_to_all, monkeypatch):
    monkeypatch.delenv("STATE_DIR", raising=False)

    folder("STATE_DIR", open_to_all)

    assert mode_of(open_to_all) == mode_of(open_to_all / "mail") == 0o700
    assert mode_of(open_to_all / "mail" / "letter.log") == 0o600
    assert mode_of(open_to_all.parent / "elsewhere.txt") == 0o644


def test_a_folder_that_somebody_named_is_left_as_they_made_it(open_to_all, monkeypatch):
    monkeypatch.setenv("STATE_DIR", str(open_to_all))

    folder("STATE_DIR", open_to_all / "unused")

    assert mode_of(open_to_all) == 0o755


def test_a_closed_folder_is_not_looked_through(open_to_all):
    open_to_all.chmod(0o700)

    close_to_others(open_to_all)

    assert mode_of(open_to_all / "mail" / "letter.log") == 0o644


def checked(state, **environment):
    """Return what `check --deploy` prints on an installation whose folders are below `state`."""
    folders = {"STATE_DIR": state, "MEDIA_ROOT": state / "media"}
    unset = {"DATABASE_URL", "REDIS_URL", "MAIL_DIR", "BROKER_DIR", "UPLOAD_DIR", "STATIC_ROOT", "SECRET_KEY"}
    found = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=REPOSITORY,
        env={name: value for name, value in os.environ.items() if name not in unset}
        | {name: str(path) for name, path in folders.items()}
        | environment,
        capture_output=True,
        text=True,
    )
    return found.stdout + found.stderr


def test_an_installation_behind_tls_passes_every_check(tmp_path):
    told = checked(tmp_path / "var", BEHIND_TLS="True", ALLOWED_HOSTS="churn.example.com")

    assert "no issues" in told, told
    # Made by that process, under a shell that would let others read.
    assert {mode_of(path) for path in (tmp_path / "var").rglob("*")} == {0o600, 0o700}


def test_places_that_others_can_read_are_named_with_what_to_do(open_to_all):
    told = checked(open_to_all, BEHIND_TLS="True", ALLOWED_HOSTS="churn.example.com")

    assert f"can read {open_to_all}, where the secret key lies" in told
    assert f"chmod go-rwx {open_to_all}" in told
    # What lies below under its usual name is closed without a word.
    assert mode_of(open_to_all / "mail") == 0o700


def test_what_is_loaded_at_the_start_is_installed_by_everybody():
    """Redis, Spark and the tools of developers may be missing: what needs them says so when it is asked."""
    locked = (REPOSITORY / "requirements.txt").read_text()
    everybodys = {plain(name) for name in re.findall(r"(?m)^([\w.-]+)==", locked)}
    of_package = packages_distributions()

    missing = {
        f"{path.relative_to(REPOSITORY)}: {name}"
        for path in product_files()
        for name in loaded_by(path)
        if name in of_package and not {plain(each) for each in of_package[name]} & everybodys
    }

    assert missing == set()


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def product_files():
    for package in (*our_packages(), "sandbox", "churnbuster"):
        yield from (
            path for path in (REPOSITORY / package).rglob("*.py") if not {"tests", "spark"} & set(path.parts)
        )


def loaded_by(path):
    """Yield the packages that a module loads whenever it is loaded."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]
