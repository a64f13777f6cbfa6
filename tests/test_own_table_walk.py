"""A new company brings a table of its own, trains, deploys, predicts and retrains, in a real browser.

`OWN_TABLE` may name a real file whose column `Churn` says 0 or 1, such as the Iranian Churn data of UCI.
"""

import csv
import os
import re
from pathlib import Path
from random import Random

import pytest
from selenium.webdriver.common.by import By

from tests.person import Person, complaints

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.timeout(900)]

COMPANY = "office@southgate.example.com"
DEVELOPER = "eva@southgate.example.com"
# Two blanks in a row, no column that names the customers, and people who are equal in everything.
HEADER = [
    "Call  Failure", "Complains", "Subscription  Length", "Charge  Amount", "Seconds of Use", "Age Group",
    "Tariff Plan", "Customer Value", "Churn",
]  # fmt: skip
MOST_CLICKS = 9


def invented_customer(draw):
    complains, length, seconds = int(draw.random() < 0.1), draw.randrange(3, 46), draw.randrange(0, 9000)
    leaves = draw.random() < 1 / (1 + 2.7 ** (seconds / 1500 - 4 * complains - 0.5))
    return [
        draw.randrange(0, 20), complains, length, draw.randrange(0, 8), seconds, draw.randrange(1, 6),
        draw.choice([1, 1, 1, 2]), round(seconds * 0.045 + draw.random(), 3), int(leaves),
    ]  # fmt: skip


def customers():
    """Return header and rows: of the real file where one is named, otherwise invented with twins."""
    if named := os.environ.get("OWN_TABLE"):
        with open(named, newline="") as file:
            header, *rows = csv.reader(file)
        return header, rows
    draw = Random(7)
    rows = [invented_customer(draw) for _ in range(1_400)]
    return HEADER, rows + rows[:70]


@pytest.fixture
def months(tmp_path):
    """Return three files of the same columns: every third customer each."""
    header, rows = customers()
    paths = [tmp_path / f"customers_{month}.csv" for month in ("may", "june", "july")]
    for place, path in enumerate(paths):
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows[place::3]])
    return paths


class Newcomer(Person):
    """Counts what is pressed and followed from the first question on."""

    clicks = 0

    def press(self, words):
        self.clicks += 1
        super().press(words)

    def follow(self, words):
        self.clicks += 1
        with self.new_page():
            self.browser.find_element(By.XPATH, f"//main//a[contains(normalize-space(.), '{words}')]").click()

    def choose(self, path: Path):
        self.browser.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(path))

    def sign_up(self):
        self.open("/register/")
        self.fill("Name of the company", "Southgate Club")
        self.fill("E-mail address of the company", COMPANY)
        self.press("Register")
        self.open(self.installation.link_for(COMPANY, "/register/verify/"))
        self.press("Confirm and show the company ID")
        company_id = self.browser.find_element(By.ID, "company-id").text
        self.join("dev", company_id, "Eva Engineer", DEVELOPER)
        self.open(self.installation.link_for(COMPANY, "/decide/"))
        self.press("Approve")
        self.log_in("dev", DEVELOPER)
        self.clicks = 0


def test_a_table_of_its_own_is_learned_from_served_and_learned_from_again(browser, server, months):
    may, june, july = months
    eva = Newcomer(browser, server)
    eva.sign_up()

    # The first question leads to the file, and the file to what its columns are.
    assert "What do you have?" in eva.text()
    eva.follow("Bring your table")
    eva.choose(may)
    eva.press("Look at the file")
    assert eva.heading() == "These are your customers"
    assert "each is called after its row" in eva.text()

    # All by suggestion: who left, the types, LightGBM.
    eva.press("Check the table")
    assert re.search(r"[\d,]+ customers can be learned from, of whom [\d,]+ left", eva.text())
    eva.press("Train")
    eva.wait_until(lambda: eva.heading().startswith("LightGBM v1"), seconds=240)
    assert "Customers may" in eva.text()
    assert complaints(browser) == []

    # It serves, and scores the customers of the second month with their own columns.
    eva.follow("Deploy LightGBM v1")
    eva.fill("Reason", "Our first model")
    eva.press("Deploy")
    eva.open("/dev/")
    eva.follow("Predict")
    eva.fill("Name", "June")
    eva.choose(june)
    eva.press("Predict")
    eva.wait_until(lambda: " named" in eva.heading(), seconds=120)
    assert eva.clicks <= MOST_CLICKS, eva.clicks
    shown = eva.text()
    assert "Customers may" in shown and "Seconds of Use" in shown and "Contract" not in shown
    assert complaints(browser) == []

    # The third month goes to the same customers, and the page says whether that made it better.
    eva.open("/dev/bases/")
    eva.follow("Customers may")
    eva.follow("Add this month")
    eva.choose(july)
    eva.press("Check the file")
    eva.fill("Reason", "July")
    eva.press("Start retraining")
    eva.wait_until(lambda: eva.heading().startswith("LightGBM v2: "), seconds=240)
    assert "Beside LightGBM v1" in eva.text()
    assert complaints(browser) == []
