"""The keyboard in a real browser, while answers are slow: nothing typed is lost, and the focus stays."""

import time

import pytest
from django.conf import settings
from django.urls import reverse
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LATENCY = 700  # ms; longer than the pause after which the page asks


@pytest.fixture
def visit(browser, live_server, as_user):
    """Return a function that opens a page as the user, and from then on lets each answer take its time."""
    browser.get(live_server.url + reverse("account_login"))
    session = as_user.cookies[settings.SESSION_COOKIE_NAME].value
    browser.add_cookie({"name": settings.SESSION_COOKIE_NAME, "value": session})

    def visit(path):
        browser.get(live_server.url + path)
        slow = {"offline": False, "latency": LATENCY, "downloadThroughput": -1, "uploadThroughput": -1}
        browser.execute_cdp_cmd("Network.enable", {})
        browser.execute_cdp_cmd("Network.emulateNetworkConditions", slow)

    return visit


def wait_for(browser, condition):
    return WebDriverWait(browser, 30).until(lambda _: condition())


def focused(browser):
    """The id of what has the focus."""
    return browser.switch_to.active_element.get_attribute("id")


def test_what_is_typed_while_answers_are_slow_stays(browser, visit, done, user, customers):
    visit(reverse("predictions:result", args=("user", done(user).uuid)))
    wanted = customers[7][0]
    search = browser.find_element(By.ID, "find-customer")
    search.click()

    for character in wanted:
        browser.switch_to.active_element.send_keys(character)
        time.sleep(0.45)  # longer than the page waits before it asks, shorter than an answer takes

    def names():
        # In one go: between two commands of the driver the table may be swapped.
        script = (
            "return [...document.querySelectorAll('#found tbody th')].map((cell) => cell.textContent.trim())"
        )
        return browser.execute_script(script)

    wait_for(browser, lambda: names() == [wanted])
    time.sleep(2 * LATENCY / 1000)
    assert names() == [wanted], "an answer to an earlier question replaced that of the latest"
    assert browser.find_element(By.ID, "find-customer").get_attribute("value") == wanted
    assert focused(browser) == "find-customer"
    assert f"find={wanted}" in browser.current_url


def test_a_filter_keeps_the_order_that_was_chosen_meanwhile(browser, visit, done, user):
    visit(reverse("predictions:result", args=("user", done(user).uuid)))
    browser.find_element(By.ID, "sort-customer").click()
    wait_for(browser, lambda: "sort=customer" in browser.current_url)

    browser.find_element(By.ID, "find-customer").send_keys("1")

    wait_for(browser, lambda: "find=1" in browser.current_url)
    assert "sort=customer" in browser.current_url


def test_the_focus_stays_in_the_part_whose_last_page_was_reached(browser, visit, done, user):
    visit(reverse("predictions:result", args=("user", done(user).uuid)) + "?page=2")
    while following := browser.find_elements(By.ID, "page-next"):
        following[0].send_keys(Keys.ENTER)
        WebDriverWait(browser, 30).until(staleness_of(following[0]))

    wait_for(browser, lambda: focused(browser) == "found")
    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.execute_script("return document.activeElement.closest('#found') !== null"), (
        "the next Tab begins at the top of the page again"
    )


def test_a_refused_form_gives_the_focus_back_to_its_button(browser, visit, version, tmp_path):
    nothing = tmp_path / "nothing.csv"
    nothing.write_text("a,b\n1,2\n")
    visit(reverse("predictions:new", args=("user",)))
    browser.find_element(By.NAME, "name").send_keys("March base")
    browser.find_element(By.CSS_SELECTOR, "main input[type=file]").send_keys(str(nothing))
    button = browser.find_element(By.CSS_SELECTOR, "main form button[type=submit]")

    button.send_keys(Keys.ENTER)

    wait_for(browser, lambda: browser.find_elements(By.CSS_SELECTOR, "#messages .notice.error"))
    wait_for(browser, lambda: browser.switch_to.active_element == button)
    assert browser.find_element(By.NAME, "name").get_attribute("value") == "March base"
