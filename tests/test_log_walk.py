"""Purchase logs go from the upload to features, to scored customers and to what changed a month later.

In a real browser, and as they were recognised.
"""

import csv
import re
import time

import pytest
from selenium.webdriver.common.by import By

from companies.tests.factories import PASSWORD
from ml.samples.sample_logs import make_sample_log
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
        path, rows = tmp_path / "log.csv", make_sample_log("coffee_shop", customers=300).splitlines(True)
        path.write_bytes(b"".join([*rows, rows[1]]))
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
        assert (first, label, status) == ("customer_id", "is_churned", "status")
        assert len(names) == int(features)
        assert {row["is_churned"] for row in table} == {"0", "1", ""}

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


# --- From a log to who will leave ------------------------------------------------------------------------

MOST_CLICKS = 12


class Counting(Person):
    """Somebody whose clicks are counted: links, buttons, and the choice of a file."""

    clicks = 0

    def press(self, words):
        self.clicks += 1
        super().press(words)

    def follow(self, words):
        link = self._link(words)
        self.clicks += 1
        with self.new_page():
            link.click()

    def choose(self, path):
        self.clicks += 1
        self.browser.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(path))

    def download(self, words, pattern):
        self.clicks += 1
        self._link(words).click()
        return downloaded(self.browser, pattern)

    def wait_for(self, do_jobs):
        """Do what waits for a worker; the page of the job finds out by itself."""
        with self.new_page():
            done = do_jobs()
        assert done and not [job.error for job in done if job.error]

    def _link(self, words):
        return self.browser.find_element(By.XPATH, f"//a[normalize-space()='{words}']")


@pytest.fixture
def developer_at_work(browser, live_server, developer):
    """A developer who has logged in, and whose clicks count from the home page on."""
    person = Counting(browser, live_server, password=PASSWORD)
    person.log_in("dev", developer.email)
    person.clicks = 0
    return person


def read_log(person, path, do_jobs):
    person.follow("Purchase logs")
    person.follow("Analyse a log")
    person.choose(path)
    person.press("Look at the file")
    person.press("Read the log")
    person.wait_for(do_jobs)


def learn_and_score(person, do_jobs):
    """Take every suggestion; end on the scored customers."""
    person.follow("Choose a model")
    person.press("Train")
    person.wait_for(do_jobs)
    assert "Knowing nothing" in person.text()
    assert "nobody can have judged it yet" in person.text()
    person.press("Score the customers")
    person.wait_for(do_jobs)
    assert " named" in person.heading()


def test_from_invoices_to_a_list_takes_a_dozen_clicks(developer_at_work, shared, do_jobs):
    person = developer_at_work

    read_log(person, shared / "data" / "online_retail_invoices.csv", do_jobs)
    learn_and_score(person, do_jobs)
    table = person.download("Download CSV", "*-result.csv")

    assert person.clicks <= MOST_CLICKS
    assert len(table) == int(re.search(r"of ([\d,]+) customers", person.heading())[1].replace(",", ""))
    assert "lapsed and were not scored" in person.text()
    assert complaints(person.browser) == []


def test_the_next_month_says_what_changed(developer_at_work, tmp_path, shared, do_jobs):
    person, whole = developer_at_work, shared / "data" / "online_retail_invoices.csv"
    first = cut_before("2011-11-01", whole, tmp_path / "october.csv")

    read_log(person, first, do_jobs)
    address = person.browser.current_url
    learn_and_score(person, do_jobs)
    person.open(address)
    person.follow("Add newer data")
    person.choose(whole)
    person.press("Read and score")
    person.wait_for(do_jobs)

    text = person.text()
    assert "new on the list since 1 November 2011" in text
    assert "is not known yet" in text
    assert "The log contains the one before" in text
    changed = person.download("Download who changed", "*-changes.csv")
    new = int(re.search(r"([\d,]+) new on the list", text)[1].replace(",", ""))
    assert [row["change"] for row in changed].count("new") == new
    assert complaints(person.browser) == []


def cut_before(day, source, target):
    """Write the rows of a log that lie before a day, and return where."""
    with source.open(newline="") as file, target.open("w", newline="") as cut:
        rows = csv.DictReader(file)
        writer = csv.DictWriter(cut, rows.fieldnames)
        writer.writeheader()
        writer.writerows(row for row in rows if row["date"] < day)
    return target
