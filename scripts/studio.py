"""A browser that walks through the product and takes, measures and photographs one page after the other."""

import base64
import itertools
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from scripts.page_faults import WIDTHS, access_faults, axe_faults, page_faults, set_window

SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
SCHEMES = ("light", "dark")
TALLEST = 4000
# Between them, each size and each scheme once: axe takes seconds on a long page.
AXE_LOOKS = {("wide", "light"), ("narrow", "dark")}


@dataclass(frozen=True)
class Account:
    email: str
    password: str = field(repr=False)


class Studio:
    """A browser that takes one page after the other in every size and scheme.

    Parameters
    ----------
    folder
        Takes all pictures.
    shown
        By page, size and scheme: another file that takes the picture too, and how much of a long page it has.
    only
        A pattern that names of pages begin with: others are walked through, and neither measured nor taken.
    """

    def __init__(self, url: str, *, folder: Path, shown: Mapping[tuple, tuple[Path, int]], only: str = ""):
        self.url = url.rstrip("/")
        self.folder, self.shown, self.only = folder, shown, only
        self.has_complained = False
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in (
            "headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "hide-scrollbars",
            "disable-background-networking", "disable-component-update", "disable-sync",
        ):  # fmt: skip
            options.add_argument(f"--{flag}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.browser.set_script_timeout(120)  # a long page on a busy machine
        # One zone for all pictures, or they would differ by the machine that takes them.
        self.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})

    def close(self):
        self.browser.quit()

    def open(self, path: str):
        self.browser.get(path if path.startswith("http") else self.url + path)

    def log_in(self, portal: str, account: Account):
        self.browser.delete_all_cookies()
        self.open(f"/{portal}/login/")
        self.fill("login", account.email)
        self.fill("password", account.password)
        self.submit()
        WebDriverWait(self.browser, 20).until(lambda browser: "/login" not in browser.current_url)

    def submit(self):
        # Above the form of a page there may be news of jobs, which are put away by a button.
        self.click("main .form-actions button.primary")

    def click(self, selector: str):
        self.browser.find_element(By.CSS_SELECTOR, selector).click()

    def send_file(self, file: Path):
        field = self.browser.find_element(By.CSS_SELECTOR, "main input[type=file]")
        field.send_keys(str(file))
        field.find_element(By.XPATH, "ancestor::form//button[@type='submit']").click()

    def fill(self, name: str, text: str):
        self.browser.find_element(By.NAME, name).send_keys(text)

    def log_in_operator(self, account: Account):
        self.browser.delete_all_cookies()
        self.open("/admin/")
        self.fill("username", account.email)
        self.fill("password", account.password)
        self.click("#login-form [type=submit]")
        WebDriverWait(self.browser, 20).until(lambda browser: "/login" not in browser.current_url)

    def links(self, pattern: str) -> list[str]:
        """Return the addresses that the page leads to and that fit, each once."""
        found = [
            link.get_attribute("href") for link in self.browser.find_elements(By.CSS_SELECTOR, "main a[href]")
        ]
        return list(dict.fromkeys(address for address in found if re.search(pattern, address)))

    def first_link(self, pattern: str) -> str | None:
        return next(iter(self.links(pattern)), None)

    def arrive(self, pattern: str) -> str:
        """Wait for an address whose page has nothing more to wait for."""
        WebDriverWait(self.browser, 180).until(
            lambda browser: (
                re.search(pattern, browser.current_url)
                and not browser.find_elements(By.CSS_SELECTOR, "progress, [hx-trigger*=every]")
            )
        )
        return self.browser.current_url

    def take(self, name: str, path: str):
        """Measure a page in all widths and take its pictures in all sizes and schemes."""
        if not re.match(self.only, name):
            return
        self.browser.get_log("browser")
        set_window(self.browser, max(WIDTHS))
        self.open(path)
        time.sleep(0.4)  # fonts, charts and local times
        for width in WIDTHS:
            set_window(self.browser, width)
            self.complain_of(f"{name} at {width} px", page_faults(self.browser))
        for size, scheme in itertools.product(SIZES, SCHEMES):
            self._take(name, size, scheme)
        for entry in self.browser.get_log("browser"):
            # A page that stands for an error is meant to answer with its status.
            if entry["level"] == "SEVERE" and "nothing/here" not in entry["message"]:
                self.complain_of(name, [entry["message"][:240]])
        print(f"{name:<24} {path}", flush=True)

    def complain_of(self, what, faults):
        for fault in faults:
            self.has_complained = True
            print(f"COMPLAINT  {what}: {fault}", file=sys.stderr, flush=True)

    def _take(self, name, size, scheme):
        width, height = SIZES[size]
        set_window(self.browser, width, height=height, scheme=scheme)
        time.sleep(0.2)
        self.complain_of(f"{name} {size} {scheme}", access_faults(self.browser))
        if (size, scheme) in AXE_LOOKS:
            self.complain_of(f"{name} {size} {scheme}", axe_faults(self.browser))
        tall = self.browser.execute_script("return document.documentElement.scrollHeight")
        set_window(self.browser, width, height=max(height, min(tall, TALLEST)), scheme=scheme)
        time.sleep(0.1)
        (self.folder / f"{name}-{size}-{scheme}.png").write_bytes(self._picture(width, TALLEST))
        if shown := self.shown.get((name, size, scheme)):
            path, most = shown
            path.write_bytes(self._picture(width, most))

    def _picture(self, width, most) -> bytes:
        tall = min(self.browser.execute_script("return window.innerHeight"), most)
        clip = {"x": 0, "y": 0, "width": width, "height": tall, "scale": 1}
        answer = self.browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": clip})
        return base64.b64decode(answer["data"])
