"""The churn definition in a real browser: numbers move with the slider, and what is shown is confirmed."""

import pytest
from django.conf import settings
from django.urls import reverse
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from scripts.page_faults import page_faults
from transactions.presenting.profile_findings import shown_impact
from transactions.tests.test_profile_pages import analysis, profiles  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def visit(browser, live_server, log_in, user):
    """Return a function that opens a page as `user` in a window of some width."""
    client = log_in(user)
    browser.get(live_server.url + reverse("account_login"))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    browser.add_cookie({"name": settings.SESSION_COOKIE_NAME, "value": session})

    def visit(name, analysis, *, width=1440):  # noqa: F811
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get_log("browser")
        browser.get(live_server.url + reverse(f"transactions:{name}", args=("user", analysis.pk)))

    return visit


def complaints(browser):
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def shown(browser, name):
    return {place.text for place in browser.find_elements(By.CSS_SELECTOR, f"[data-impact={name}]")}


def test_numbers_move_with_the_slider_and_are_confirmed(browser, visit, analysis):  # noqa: F811
    visit("churn", analysis)
    slider = browser.find_element(By.NAME, "horizon_days")

    browser.execute_script(
        "arguments[0].value = 90; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))", slider
    )

    expected = next(row for row in shown_impact(analysis.profile["churn"]["impact"]) if row["days"] == 90)
    for name in ("churn_rate", "scorable", "lapsed", "currently_lapsed"):
        assert shown(browser, name) == {expected[name]}
    browser.find_element(By.CSS_SELECTOR, "#confirm button").click()
    WebDriverWait(browser, 30).until(lambda _: "Confirmed: after 90 days" in browser.page_source)
    analysis.refresh_from_db()
    assert (analysis.horizon_days, analysis.gap_days, analysis.active_window_days) == (90, 0, None)


def test_lengths_are_typed_one_after_the_other_and_no_number_stands_beside_others(browser, visit, analysis):  # noqa: F811
    visit("churn", analysis)
    browser.execute_script("window.isTheSamePage = true")
    effect = browser.find_element(By.ID, "effect")

    browser.find_element(By.NAME, "gap_days").send_keys(Keys.CONTROL, "a")
    browser.find_element(By.NAME, "gap_days").send_keys("7", Keys.TAB, "90")

    assert browser.find_element(By.NAME, "active_window_days").get_attribute("value") == "90"
    assert browser.execute_script("return window.isTheSamePage")
    assert not effect.is_displayed(), "counted for another gap"
    assert "not counted yet" in browser.find_element(By.ID, "ask").text
    browser.find_element(By.CSS_SELECTOR, "#confirm button").click()
    WebDriverWait(browser, 30).until(lambda _: "Confirmed: after" in browser.page_source)
    analysis.refresh_from_db()
    assert (analysis.gap_days, analysis.active_window_days) == (7, 90)


def test_both_pages_fit_every_window_and_draw_their_charts(browser, visit, analysis):  # noqa: F811
    for name in ("profile", "churn"):
        for width in (1440, 360):
            visit(name, analysis, width=width)

            charts = browser.find_elements(By.CSS_SELECTOR, "[data-chart]")
            WebDriverWait(browser, 30).until(
                lambda _, charts=charts: all(
                    chart.find_elements(By.CSS_SELECTOR, "svg.main-svg") for chart in charts
                )
            )
            assert page_faults(browser) == [], f"{name} at {width} px"
            assert complaints(browser) == []
