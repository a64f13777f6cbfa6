"""From a new company to a downloaded result, in a real browser against a real installation."""

import csv
import io
import time

import pytest
from selenium.webdriver.common.by import By

from tests.person import Person, complaints

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.mariadb, pytest.mark.timeout(600)]

COMPANY = "office@brightwave.example.com"
DEVELOPER = "ada@brightwave.example.com"
USER = "ben@brightwave.example.com"
MODELS = ("Neural Network", "Random Forest", "Gradient Boosting", "Decision Tree", "Logistic Regression")


def downloaded(browser, pattern):
    for _ in range(300):
        found = list(browser.downloads.glob(pattern))
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError(f"No download like {pattern}: {list(browser.downloads.iterdir())}")


def test_a_new_company_gets_from_registration_to_a_downloaded_result(browser, server, telco):
    person = Person(browser, server)

    # A company registers, and learns its ID only from the letter.
    person.open("/register/")
    person.fill("Name of the company", "Brightwave Telecom")
    person.fill("E-mail address of the company", COMPANY)
    person.press("Register")
    person.open(server.link_for(COMPANY, "/register/verify/"))
    person.press("Confirm and show the company ID")
    company_id = browser.find_element(By.ID, "company-id").text
    assert len(company_id) == 10

    # Its developer joins and waits until the company says yes.
    person.join("dev", company_id, "Ada Engineer", DEVELOPER)
    person.log_in("dev", DEVELOPER)
    assert "/waiting/" in browser.current_url
    person.open(server.link_for(COMPANY, "/decide/"))
    person.press("Approve")
    person.log_in("dev", DEVELOPER)
    assert browser.current_url.endswith("/dev/")

    # A user joins and is let in by the developer.
    person.join("user", company_id, "Ben Analyst", USER)
    person.log_in("dev", DEVELOPER)
    person.open("/dev/people/")
    assert "Ben Analyst" in person.text()
    person.press("Approve")

    # The user predicts the real file with each of the five models.
    person.log_in("user", USER)
    assert browser.current_url.endswith("/user/")
    likely = {}
    for model in MODELS:
        person.predict(f"Base by {model}", model, telco)
        likely[model] = int(person.heading().split(" of ")[0].replace(",", ""))
        assert "7,043" in person.heading()
    assert all(1_000 < count < 3_000 for count in likely.values()), likely
    assert complaints(browser) == []

    # The table can be searched, and the download holds every customer with the prediction.
    search = browser.find_element(By.ID, "find-customer")
    search.send_keys("7590-VHVEG")
    person.wait_until(lambda: len(browser.find_elements(By.CSS_SELECTOR, "#customers tbody tr")) == 1)
    assert "7590-VHVEG" in browser.find_element(By.CSS_SELECTOR, "#customers tbody").text
    browser.find_element(By.LINK_TEXT, "Download CSV").click()
    rows = list(csv.DictReader(io.StringIO(downloaded(browser, "*.csv").read_text())))
    with open(telco, newline="") as file:
        original = list(csv.DictReader(file))
    assert [row["customerID"] for row in rows] == [row["customerID"] for row in original]
    assert sum(row["prediction"] == "Yes" for row in rows) == likely["Logistic Regression"]
    assert all(0 <= float(row["churn_probability"]) <= 1 for row in rows)

    # All five stand in the history of the user, and the developer sees them too.
    person.open("/user/predictions/")
    assert all(f"Base by {model}" in person.text() for model in MODELS)
    person.log_in("dev", DEVELOPER)
    person.open("/dev/predictions/")
    assert all(f"Base by {model}" in person.text() for model in MODELS)
    assert "Ben Analyst" in person.text()
