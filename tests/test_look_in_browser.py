"""Pages in a real browser: nothing refused by the content security policy, nothing cut or broken."""

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import Select, WebDriverWait

from predictions.tests.factories import PredictionFactory
from registry.tests.factories import ModelMetricsFactory, ModelVersionFactory
from registry.tests.own_tables import gym_of
from scripts.page_faults import WIDTHS, access_faults, axe_faults, page_faults, set_window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def visit(browser, live_server):
    """Return a function that opens a page in a window of some width, as somebody or as nobody."""

    def visit(path, *, width=1440, client=None, dark=False):
        set_window(browser, width, scheme="dark" if dark else "light")
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


def assert_fits_every_window(browser, what):
    for width in WIDTHS:
        set_window(browser, width)
        assert page_faults(browser) == [], f"{what} at {width} px"
    for scheme in ("light", "dark"):
        set_window(browser, 390, scheme=scheme)
        assert access_faults(browser) == [], f"{what}, {scheme}"
    assert complaints(browser) == [], what


def wait_for(browser, condition):
    return WebDriverWait(browser, 30).until(lambda _: condition())


def button(browser, words):
    """The button with these words, once its page is there: without scripts a click does not wait for it."""
    found = expected_conditions.element_to_be_clickable(
        (By.XPATH, f"//main//button[normalize-space()='{words}']")
    )
    return WebDriverWait(browser, 30).until(found)


def test_pages_of_nobody_fit_every_window(browser, visit):
    for path in ("/", "/login/", "/user/login/", "/join/", "/user/join/", "/register/", "/password/reset/"):
        visit(path)
        assert_fits_every_window(browser, path)


def test_pages_of_a_developer_fit_every_window(browser, visit, as_developer, default_versions):
    version = next(iter(default_versions.values()))
    for path in (
        "/dev/", "/dev/predict/", "/dev/predictions/", "/dev/models/", f"/dev/models/{version.pk}/",
        "/dev/people/", "/dev/api-keys/", "/dev/settings/", "/dev/account/", "/dev/begin/", "/dev/bases/",
        "/dev/bases/new/",
    ):  # fmt: skip
        visit(path, client=as_developer)
        assert browser.find_element(By.CSS_SELECTOR, "h1").text, path
        assert_fits_every_window(browser, path)


def test_axe_finds_nothing_serious_on_the_pages_that_are_used_most(browser, visit, as_user, default_versions):
    visit("/api/docs/", width=390, dark=True)
    wait_for(browser, lambda: browser.find_elements(By.CSS_SELECTOR, ".opblock"))
    assert axe_faults(browser) == [], "the list of calls"

    for path in ("/user/", "/user/predict/", "/user/predictions/", "/user/models/", "/user/logs/new/"):
        visit(path, width=390, client=as_user, dark=True)
        assert axe_faults(browser) == [], path


def test_pages_of_a_customer_base_fit_every_window(browser, visit, as_developer, company, developer):
    base = gym_of(company, name="Members of the " + "Donaudampfschifffahrtsgesellschaft " * 2)
    # What people call their files, who put no blanks into names.
    own = gym_of(company, name="export_of_all_subscribers_2026_october_final_reviewed_by_finance")
    version = ModelMetricsFactory(model=ModelVersionFactory(company=company, population=own)).model
    sent = {
        "user": None,
        "developer": developer.developer,
        "company": company,
        "prediction_name": own.name * 2,
    }
    PredictionFactory(**sent, model=version)
    for path in ("", "describe/", "archive/"):
        visit(f"/dev/bases/{base.uuid}/{path}", client=as_developer)
        assert base.name.split()[0] in browser.find_element(By.TAG_NAME, "main").text
        assert_fits_every_window(browser, path)
    for path in ("/dev/predictions/", f"/dev/models/{version.pk}/", f"/dev/bases/{own.uuid}/"):
        visit(path, client=as_developer)
        assert own.name in browser.find_element(By.TAG_NAME, "main").text
        assert_fits_every_window(browser, path)


def test_pages_that_describe_a_table_fit_every_window(browser, visit, as_developer, model_types):
    table = as_developer.get("/dev/bases/new/sample.csv").content
    columns = as_developer.post("/dev/bases/new/", {"file": SimpleUploadedFile("members.csv", table)}).url

    visit(columns, client=as_developer)
    assert_fits_every_window(browser, "columns")
    browser.find_element(By.CSS_SELECTOR, ".next-step button").click()
    wait_for(browser, lambda: "/train/" in browser.current_url)
    assert_fits_every_window(browser, "train")


def test_a_table_is_brought_without_a_script(browser, visit, as_developer, model_types, tmp_path):
    path = tmp_path / "members.csv"
    path.write_bytes(as_developer.get("/dev/bases/new/sample.csv").content)
    visit("/dev/bases/new/", client=as_developer)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    visit("/dev/bases/new/", client=as_developer)

    browser.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(path))
    for words in ("Look at the file", "Check the table", "Train"):
        button(browser, words).click()

    assert button(browser, "Cancel")
    assert browser.find_element(By.TAG_NAME, "h1").text == "First training of Members"


def test_the_list_of_columns_is_filtered_by_what_is_ticked(browser, visit, as_developer):
    table = as_developer.get("/dev/bases/new/sample.csv").content
    columns = as_developer.post("/dev/bases/new/", {"file": SimpleUploadedFile("members.csv", table)}).url
    visit(columns, client=as_developer)
    rows = browser.find_elements(By.CSS_SELECTOR, "tr[data-state]")
    wait_for(browser, lambda: browser.find_element(By.CSS_SELECTOR, "[data-column-filter]").is_displayed())

    Select(browser.find_element(By.CSS_SELECTOR, "[data-column-filter] select")).select_by_value("left-out")

    shown = [row.find_element(By.CSS_SELECTOR, "label span").text for row in rows if row.is_displayed()]
    assert shown == ["Member no.", "Left"]


def test_without_a_script_the_numbers_of_a_chart_stand_open(browser, visit, as_developer, default_versions):
    card = f"/dev/models/{next(iter(default_versions.values())).pk}/"
    visit(card, client=as_developer)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    visit(card, client=as_developer)

    assert not any(chart.is_displayed() for chart in browser.find_elements(By.CSS_SELECTOR, "[data-chart]"))
    tables = browser.find_elements(By.CSS_SELECTOR, "details.numbers table")
    assert len(tables) >= 3
    # Selenium by itself counts whatever is in a closed list as hidden.
    assert all(browser.execute_script("return arguments[0].checkVisibility()", table) for table in tables)


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


def test_the_menu_of_a_narrow_window_closes_with_escape_and_beside_it(browser, visit, as_developer):
    visit("/dev/", width=768, client=as_developer)
    menu = browser.find_element(By.CSS_SELECTOR, ".menu details")
    summary = menu.find_element(By.TAG_NAME, "summary")

    summary.click()
    menu.find_element(By.CSS_SELECTOR, "nav a").send_keys(Keys.ESCAPE)
    assert menu.get_attribute("open") is None
    assert browser.switch_to.active_element == summary

    summary.click()
    browser.find_element(By.TAG_NAME, "h1").click()
    assert menu.get_attribute("open") is None


def test_what_has_the_focus_is_not_behind_what_stays(browser, visit, as_developer, default_versions):
    card = reverse("registry:version", args=("dev", default_versions["logistic_regression"].pk))
    visit(card, width=390, client=as_developer)
    browser.execute_script("document.documentElement.style.scrollBehavior = 'auto'")
    hidden = """
        const held = document.activeElement, box = held.getBoundingClientRect();
        const [left, right] = [Math.max(box.left, 0) + 2, Math.min(box.right, innerWidth) - 2];
        const [top, bottom] = [Math.max(box.top, 0) + 2, Math.min(box.bottom, innerHeight) - 2];
        const middle = [(left + right) / 2, (top + bottom) / 2];
        const places = [[left, top], [right, bottom], [left, bottom], middle];
        const isSeen = places.some(([x, y]) => held.contains(document.elementFromPoint(x, y)));
        return isSeen ? "" : held.outerHTML;
    """
    seen = set()
    for keys in (Keys.TAB, Keys.SHIFT + Keys.TAB):
        for _ in range(30):
            ActionChains(browser).send_keys(keys).perform()
            assert browser.execute_script(hidden) == ""
            seen.add(browser.switch_to.active_element.id)
    assert len(seen) > 15


def test_the_list_of_a_long_page_stays_in_view_and_leads_to_its_parts(
    browser, visit, as_developer, default_versions
):
    card = reverse("registry:version", args=("dev", default_versions["logistic_regression"].pk))

    def top(selector):
        script = "return document.querySelector(arguments[0]).getBoundingClientRect().top"
        return browser.execute_script(script, selector)

    for width in WIDTHS:
        visit(card, width=width, client=as_developer)
        browser.execute_script("document.documentElement.style.scrollBehavior = 'auto'")
        browser.execute_script("window.scrollTo(0, document.body.scrollHeight / 2)")
        assert 0 <= top(".contents") < 20, width
        browser.find_element(By.CSS_SELECTOR, ".contents summary").click()
        browser.find_element(By.CSS_SELECTOR, '.contents a[href="#data"]').click()
        assert browser.current_url.endswith("#data")
        assert browser.find_element(By.CSS_SELECTOR, ".contents details").get_attribute("open") is None
        # Not behind the list that leads there.
        assert top("#data") >= 40, width
