"""Pages in a real browser: nothing refused by the content security policy, nothing wider than the window."""

import pytest
from django.conf import settings
from django.urls import reverse
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = (1440, 820, 360)


@pytest.fixture
def visit(browser, live_server):
    """Return a function that opens a page in a window of some width, as somebody or as nobody."""

    def visit(path, *, width=1440, client=None, dark=False):
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        if client and not browser.get_cookie(settings.SESSION_COOKIE_NAME):
            # A cookie can only be set for a place where the browser already is.
            browser.get(live_server.url + reverse("account_login"))
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            browser.add_cookie({"name": settings.SESSION_COOKIE_NAME, "value": session})
        browser.get_log("browser")
        browser.get(live_server.url + path)

    return visit


def complaints(browser):
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def page_width(browser):
    return browser.execute_script("return document.documentElement.scrollWidth")


def wait_for(browser, condition):
    return WebDriverWait(browser, 30).until(lambda _: condition())


def test_pages_of_nobody_fit_every_window(browser, visit):
    for path in ("/", "/login/", "/user/login/", "/join/", "/user/join/", "/register/", "/password/reset/"):
        for width in WIDTHS:
            visit(path, width=width)

            assert page_width(browser) <= width, path
            assert complaints(browser) == [], path


def test_pages_of_a_developer_fit_every_window(browser, visit, as_developer, default_versions):
    version = next(iter(default_versions.values()))
    for path in (
        "/dev/", "/dev/predict/", "/dev/predictions/", "/dev/models/", f"/dev/models/{version.pk}/",
        "/dev/people/", "/dev/api-keys/", "/dev/settings/", "/dev/account/",
    ):  # fmt: skip
        for width in WIDTHS:
            visit(path, width=width, client=as_developer)

            assert browser.find_element(By.CSS_SELECTOR, "h1").text, path
            assert page_width(browser) <= width, path
            assert complaints(browser) == [], path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_live_charts_are_drawn_in_the_colours_of_the_scheme(
    browser, visit, as_developer, default_versions, dark
):
    version = next(iter(default_versions.values()))

    visit(f"/dev/models/{version.pk}/", client=as_developer, dark=dark)
    charts = browser.find_elements(By.CSS_SELECTOR, "[data-chart]")
    wait_for(browser, lambda: all(chart.find_elements(By.CSS_SELECTOR, "svg.main-svg") for chart in charts))

    lines = browser.find_elements(By.CSS_SELECTOR, "[data-chart] .scatterlayer path.js-line")
    colours = [browser.execute_script("return arguments[0].style.stroke", line) for line in lines]
    assert len(charts) == 4
    assert ("rgb(126, 162, 255)" if dark else "rgb(36, 86, 214)") in colours
    assert complaints(browser) == []


def test_the_menu_of_a_narrow_window_opens_without_a_script(browser, visit, as_developer):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    visit("/dev/", width=360, client=as_developer)
    link = browser.find_element(By.CSS_SELECTOR, ".menu nav a[href='/dev/predict/']")
    assert not link.is_displayed()

    browser.find_element(By.CSS_SELECTOR, ".menu summary").click()

    assert link.is_displayed()
