"""Files that are dropped on a form: on the field with or without a script, beside it, and several at once."""

import pytest
from django.conf import settings
from django.urls import reverse
from selenium.webdriver.common.by import By

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def form(browser, live_server, as_user, default_versions):
    """Return the form of Predict, in a browser in which somebody is logged in."""
    browser.get(live_server.url + reverse("account_login"))
    session = as_user.cookies[settings.SESSION_COOKIE_NAME].value
    browser.add_cookie({"name": settings.SESSION_COOKIE_NAME, "value": session})
    browser.get(live_server.url + reverse("predictions:new", args=("user",)))
    return browser.find_element(By.CSS_SELECTOR, "form[data-upload]")


@pytest.fixture
def files(tmp_path):
    names = ("customers.csv", "more.csv")
    for name in names:
        (tmp_path / name).write_text("customer_id\n1\n")
    return [str(tmp_path / name) for name in names]


def drop(browser, target, files):
    """Move files from outside over the middle of `target` and let them go."""
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", target)
    box = browser.execute_script("return arguments[0].getBoundingClientRect()", target)
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    for event in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": files, "dragOperationsMask": 1}
        browser.execute_cdp_cmd("Input.dispatchDragEvent", {"type": event, "data": data, **at})


def chosen(browser):
    script = "return [...document.querySelector('input[type=file]').files].map((file) => file.name)"
    return browser.execute_script(script)


def test_a_file_may_be_dropped_on_the_field_and_anywhere_on_its_form(browser, form, files):
    field = form.find_element(By.CSS_SELECTOR, ".drop")
    assert field.text == "Drop the file here, or choose it."

    drop(browser, field, files[:1])
    on_field = chosen(browser)
    drop(browser, form.find_element(By.CSS_SELECTOR, "button[type=submit]"), files[1:])

    assert (on_field, chosen(browser)) == (["customers.csv"], ["more.csv"])
    assert "dropping" not in form.get_attribute("class")


def test_several_files_are_refused_with_a_sentence(browser, form, files):
    drop(browser, form.find_element(By.CSS_SELECTOR, "button[type=submit]"), files)

    assert chosen(browser) == []
    assert "Drop only that one." in browser.find_element(By.ID, "messages").text


def test_the_field_takes_what_is_dropped_without_a_script(browser, form, files):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.refresh()

    drop(browser, browser.find_element(By.CSS_SELECTOR, ".drop"), files[:1])

    assert chosen(browser) == ["customers.csv"]
