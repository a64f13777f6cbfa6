"""The ground every test stands on: a database per process, folders per test, real data, a browser.

Each app's own rows are made by its `tests/factories.py`.
"""

import fcntl
import os
import pickle
import shutil
from pathlib import Path

import pytest

pytest_plugins = [
    "companies.tests.cast",
    "jobs.tests.broker",
    "training.tests.models",
    "tests.s3",
    "tests.warm_children",
]

BASE_DIR = Path(__file__).resolve().parent
ON_CI = os.environ.get("CI") == "true"

DATABASE_FIXTURES = {
    "db", "transactional_db", "django_db_setup", "django_db_reset_sequences", "live_server", "admin_user",
}  # fmt: skip
CLIENTS = {"client", "admin_client", "log_in", "live_server", "browser"}


def pytest_addoption(parser):
    parser.addoption(
        "--database-only", action="store_true", help="run only the tests that could end otherwise on MariaDB"
    )
    parser.addoption(
        "--prove", action="store_true", help="run only the long proofs, which are left out without it"
    )


def pytest_collection_modifyitems(config, items):
    proving, on_mariadb = config.getoption("--prove"), config.getoption("--database-only")
    wanted, unwanted = [], []
    for item in items:
        fits = (item.get_closest_marker("prove") is not None) == proving
        fits = fits and (not on_mariadb or _may_differ_on_mariadb(item))
        (wanted if fits else unwanted).append(item)
    items[:] = wanted
    config.hook.pytest_deselected(items=unwanted)


def _may_differ_on_mariadb(item):
    """Whether `item` is about rows: CONTRIBUTING.md says the rule, and why the doors are left out."""
    if item.get_closest_marker("mariadb"):
        return True
    if item.get_closest_marker("any_database") or item.get_closest_marker("browser"):
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    mark = item.get_closest_marker("django_db")
    if mark is None and not DATABASE_FIXTURES & fixtures:
        return False
    return not CLIENTS & fixtures or bool(mark and mark.kwargs.get("transaction"))


def service_missing(sentence):
    """Skip on a private machine; fail on a build machine, where nobody would read of the skip."""
    if ON_CI:
        pytest.fail(sentence)
    pytest.skip(sentence)


# --- Database --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, tmp_path_factory):
    """Use a file for SQLite: in memory it has no WAL and other locks, so races would pass unseen."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture
def on_mariadb():
    from django.db import connection

    return connection.vendor == "mysql"


# --- Folders and habits ----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    """Keep what one test writes away from the installation and from the other tests."""
    settings.STATE_DIR = tmp_path / "state"
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploads"
    for folder in (
        settings.STATE_DIR, settings.MEDIA_ROOT, settings.EMAIL_FILE_PATH, settings.FILE_UPLOAD_TEMP_DIR,
    ):  # fmt: skip
        folder.mkdir()


@pytest.fixture(autouse=True)
def quick_settings(settings, monkeypatch):
    """Hash passwords cheaply, and name static files without collecting them first."""
    # Most tests are one transaction, for whose end the write of /health would wait in vain on SQLite.
    monkeypatch.setattr("core.hurry.PATIENCE_MS", 200)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.fixture(autouse=True)
def uncounted_calls(settings):
    """Begin each test with no call of the API: counters outlive the rows that they are about."""
    from django.core.cache import caches

    # In memory also where a Redis is configured: what clears one there clears everything in it.
    settings.CACHES = settings.CACHES | {
        "limits": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "limits"}
    }
    caches["limits"].clear()


# --- Shared data -----------------------------------------------------------------------------------------


def _shared_folder():
    given = os.environ.get("SHARED_DIR")
    return Path(given) if given else BASE_DIR.parent / "shared"


@pytest.fixture(scope="session")
def shared():
    """Return the folder beside this repository with real data sets and the maker of hostile files."""
    folder = _shared_folder()
    if not (folder / "data").is_dir():
        pytest.skip(f"needs the shared data in {folder.name}/ beside this repository")
    return folder


@pytest.fixture(scope="session")
def telco(shared):
    """Return the path of the real telco file (7,043 customers)."""
    return shared / "data" / "telco_ibm.csv"


@pytest.fixture(scope="session")
def made_once(tmp_path_factory, worker_id):
    """Return a function that makes something costly the first time that this run of the tests asks for it.

    All processes share it, and with `scripts.run_tests` all calls of pytest, which tell it by `TEST_RUN_DIR`.
    """
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent
    folder = Path(os.environ.get("TEST_RUN_DIR") or folder)

    def get(name, make):
        path = folder / f"{name}.pickle"
        with open(path.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                draft = path.with_suffix(".draft")
                draft.write_bytes(pickle.dumps(make()))
                draft.replace(path)
        return pickle.loads(path.read_bytes())

    return get


# --- Browser ---------------------------------------------------------------------------------------------


@pytest.fixture
def browser(tmp_path):
    """Return headless Chromium that reaches this machine only; files land in `browser.downloads`."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        service_missing("Chromium is not installed: apt-get install -y chromium chromium-driver")

    from selenium import webdriver

    downloads = tmp_path / "downloads"
    downloads.mkdir()
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--window-size=1440,1000",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    ):  # fmt: skip
        options.add_argument(argument)
    options.add_experimental_option(
        "prefs", {"download.default_directory": str(downloads), "download.prompt_for_download": False}
    )
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    chrome.downloads = downloads
    yield chrome
    chrome.quit()
