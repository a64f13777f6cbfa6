"""Somebody at the browser, for the tests that walk through a real installation."""

from contextlib import contextmanager

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

PASSWORD = "a harbour in the rain"


class Person:
    """Somebody at the browser: reads headings, fills in fields by label, presses buttons by their words."""

    def __init__(self, browser, installation, password=PASSWORD):
        self.browser = browser
        self.password = password
        self.installation = installation

    def open(self, path):
        self.browser.get(path if path.startswith("http") else self.installation.url + path)

    def fill(self, label, value):
        field = self.browser.find_element(
            By.XPATH, f"//main//*[@id=//label[normalize-space(text())='{label}']/@for]"
        )
        if field.get_attribute("type") != "file":
            field.clear()
        field.send_keys(value)

    def press(self, words):
        button = self.browser.find_element(
            By.XPATH, f"//main//button[contains(normalize-space(.), '{words}')]"
        )
        with self.new_page():
            button.click()

    @contextmanager
    def new_page(self):
        """Wait until what is done in the block has led to another page, and that is there."""
        self.browser.execute_script("window.isThePageBefore = true")
        yield
        self.wait_until(
            lambda: self.browser.execute_script(
                "return !window.isThePageBefore && document.readyState === 'complete'"
            )
        )

    def wait_until(self, condition, seconds=60):
        """Ask `condition` until it holds. While one page replaces another, the driver fails to answer."""
        waiting = WebDriverWait(self.browser, seconds, ignored_exceptions=(WebDriverException,))
        return waiting.until(lambda _: condition())

    def heading(self):
        return self.browser.find_element(By.TAG_NAME, "h1").text

    def text(self):
        return self.browser.find_element(By.TAG_NAME, "main").text

    def log_in(self, portal, email):
        self.browser.delete_all_cookies()
        self.open(f"/{portal}/login/")
        self.fill("E-mail address", email)
        self.fill("Password", self.password)
        self.press("Log in")

    def join(self, portal, company_id, name, email):
        self.browser.delete_all_cookies()
        self.open(f"/{portal}/join/")
        self.fill("Company ID", company_id)
        self.fill("Your name", name)
        self.fill("Your e-mail address", email)
        self.fill("Password", self.password)
        self.press("Join")
        self.open(self.installation.link_for(email, "/confirm-address/"))
        self.press("Confirm my address")

    def predict(self, name, model, path):
        """Send the form, wait for the job to end, and leave the browser on the result."""
        portal = self.browser.current_url.split("/")[3]
        self.open(f"/{portal}/predict/")
        self.fill("Name", name)
        self.browser.find_element(
            By.XPATH, f"//label[.//b[starts-with(normalize-space(.), '{model}')]]"
        ).click()
        self.browser.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(path))
        self.press("Predict")
        self.wait_until(lambda: " named" in self.heading(), seconds=90)


def complaints(browser):
    """Return what the console said against a page: refused by the policy, failed to load, thrown."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
