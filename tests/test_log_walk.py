"""Purchase logs go from the upload to downloaded features, in a real browser, as they were recognised."""

import csv
import re
import time

import pytest
from selenium.webdriver.common.by import By

from companies.tests.factories import PASSWORD
from tests.person import Person, complaints
from transactions.tests.logs import lines_of_log

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REAL = ("online_retail_lines_sample.csv", "cdnow_sample_transactions.csv")


@pytest.fixture
def logs(request, tmp_path):
    """Return the real logs where they are at hand, otherwise one that is made up."""
    try:
        shared = request.getfixturevalue("shared")
    except pytest.skip.Exception:
        path = tmp_path / "log.csv"
        path.write_text("\n".join(lines_of_log(with_faults=True)))
        return [path]
    return [shared / "data" / name for name in REAL]


def analyse(person, path, do_jobs):
    """Upload, confirm the columns as they were recognised, and read; end on the account of the rows."""
    person.open("/user/logs/")
    person.browser.find_element(By.XPATH, "//main//a[normalize-space()='Analyse a log']").click()
    person.browser.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(path))
    person.press("Look at the file")
    assert person.heading() == "What do the columns mean?"
    assert len(person.browser.find_elements(By.CSS_SELECTOR, ".scroll.tall tbody tr")) == 100
    person.press("Read the log")
    with person.new_page():  # the page of the job finds out by itself
        (job,) = do_jobs()
        assert job.error is None, job.error
    assert person.heading() == path.name


def compute_features(person, do_jobs):
    person.browser.find_element(By.XPATH, "//main//nav//a[normalize-space()='Features']").click()
    person.press("Compute features")
    with person.new_page():
        (job,) = do_jobs()
        assert job.error is None, job.error


def downloaded(browser, pattern):
    for _ in range(100):
        if found := list(browser.downloads.glob(pattern)):
            return list(csv.DictReader(found[0].open()))
        time.sleep(0.1)
    raise AssertionError(f"No download like {pattern}: {list(browser.downloads.iterdir())}")


def test_logs_become_features_of_customers(browser, live_server, user, logs, do_jobs):
    person = Person(browser, live_server, password=PASSWORD)
    person.log_in("user", user.email)

    for path in logs:
        analyse(person, path, do_jobs)

        rows = re.search(
            r"([\d,]+) rows in the file = ([\d,]+) used \+ ([\d,]+) exact \w+ \+ ([\d,]+)", person.text()
        )
        rows_in, used, duplicates, left_out = (int(number.replace(",", "")) for number in rows.groups())
        assert rows_in == used + duplicates + left_out

        compute_features(person, do_jobs)

        features, customers = re.fullmatch(r"(\d+) features of ([\d,]+) customers", person.heading()).groups()
        assert "Nothing knows the future" in person.text()
        person.browser.find_element(By.XPATH, "//main//a[normalize-space()='Download CSV']").click()
        table = downloaded(browser, f"{path.stem.replace('_', '*')}-retail_v1.csv")
        assert len(table) == int(customers.replace(",", ""))
        first, *names, label, status = table[0]
        assert (first, label, status) == ("customer_id", "churned", "status")
        assert len(names) == int(features)
        assert {row["churned"] for row in table} == {"0", "1", ""}

    assert complaints(browser) == []


def test_the_times_of_a_column_of_their_own_become_evenings(browser, live_server, user, do_jobs, tmp_path):
    header, *rows = lines_of_log()
    path = tmp_path / "till.csv"
    timed = [f"{row},{8 + n % 14}:{n % 60:02d}" for n, row in enumerate(rows)]
    path.write_text("\n".join([f"{header},bought at", *timed]))
    person = Person(browser, live_server, password=PASSWORD)
    person.log_in("user", user.email)

    analyse(person, path, do_jobs)
    compute_features(person, do_jobs)

    person.browser.find_element(By.XPATH, "//main//a[normalize-space()='Download CSV']").click()
    table = downloaded(browser, "*till*-retail_v1.csv")
    assert any(0 < float(row["evening_purchase_ratio"]) < 1 for row in table)
    assert complaints(browser) == []
