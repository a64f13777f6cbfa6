"""Take pictures of every page with headless Chromium, wide and narrow, light and dark, and measure each page.

    python -m scripts.screenshots                               an instance of its own, thrown away afterwards
    python -m scripts.screenshots --url http://localhost:5000   one that runs; --accounts FILE: how to log in
    python -m scripts.screenshots --axe FILE                    also run this axe.min.js (npm: axe-core)

All pictures go to var/screenshots, the few that the README shows also to docs/screenshots. What the browser
complains about (a refused style, a failed request) and what is cut or broken at any of four widths (see
scripts/page_faults.py) is printed and makes the exit status 1: a broken page is not worth its picture.
"""

import argparse
import base64
import contextlib
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from ml.samples.members import make_members
from ml.samples.sample_logs import make_sample_log
from scripts.page_faults import WIDTHS, access_faults, page_faults, set_window

BASE_DIR = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent
PICTURES = BASE_DIR / "var/screenshots"
SHOWN = BASE_DIR / "docs/screenshots"

SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
SCHEMES = ("light", "dark")
TALLEST = 4000

# What axe-core finds by the rules of WCAG 2.2 AA; what is moderate or minor is advice.
AXE = """
const done = arguments[arguments.length - 1];
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const rules = { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] };
axe.run({ exclude: [".js-plotly-plot"] }, rules).then((result) => done(
  result.violations.filter((rule) => ["serious", "critical"].includes(rule.impact)).map((rule) => ({
    id: rule.id, impact: rule.impact, help: rule.help,
    where: rule.nodes.slice(0, 3).map((node) => node.target.join(" ") + " " + (node.any[0]?.message ?? "")),
  }))));
"""

# Pictures of the README: (page, size, scheme) and how much of a long page they show.
README_PICTURES = {
    ("user-home", "wide", "light"): ("home", 900),
    ("user-predict", "wide", "light"): ("predict", 900),
    ("user-result", "wide", "light"): ("result", 1250),
    ("user-history", "wide", "light"): ("history", 900),
    ("user-result", "wide", "dark"): ("result-dark", 1250),
    ("user-result", "narrow", "light"): ("result-narrow", 1900),
    ("developer-model", "wide", "light"): ("model", 1250),
    ("log-profile", "wide", "light"): ("log-profile", 1250),
    ("log-churn", "wide", "light"): ("log-churn", 1250),
}

ANYBODY = {
    "landing": "/",
    "login": "/login/",
    "login-developer": "/dev/login/",
    "login-user": "/user/login/",
    "join": "/join/",
    "join-developer": "/dev/join/",
    "join-user": "/user/join/",
    "register": "/register/",
    "password-reset": "/password/reset/",
    "not-found": "/nothing/here/",
}
BOTH = {
    "home": "",
    "predict": "predict/",
    "history": "predictions/",
    "bases": "bases/",
    "logs": "logs/",
    "new-log": "logs/new/",
    "models": "models/",
    "account": "account/",
}
DEVELOPER = {
    **BOTH,
    "begin": "begin/",
    "new-base": "bases/new/",
    "retrain": "retrain/",
    "retrainings": "retrainings/",
    "data-sets": "datasets/",
    "ledger": "ledger/",
    "people": "people/",
    "api-keys": "api-keys/",
    "settings": "settings/",
    "hand-over": "hand-over/",
}
OPERATOR = {"admin": "/admin/", "admin-password": "/admin/password_change/", "api-docs": "/api/docs/"}


@dataclass(frozen=True)
class Account:
    email: str
    password: str = field(repr=False)


class Studio:
    """A browser that takes one page after the other in every size and scheme."""

    def __init__(self, url: str, *, axe: str = ""):
        self.url = url.rstrip("/")
        self.axe = axe
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
        self._fill("login", account.email)
        self._fill("password", account.password)
        self.submit()
        WebDriverWait(self.browser, 20).until(lambda browser: "/login" not in browser.current_url)

    def submit(self):
        self.browser.find_element(By.CSS_SELECTOR, "main button[type=submit]").click()

    def _fill(self, name: str, text: str):
        self.browser.find_element(By.NAME, name).send_keys(text)

    def log_in_operator(self, account: Account):
        self.browser.delete_all_cookies()
        self.open("/admin/")
        self._fill("username", account.email)
        self._fill("password", account.password)
        self.browser.find_element(By.CSS_SELECTOR, "#login-form [type=submit]").click()
        WebDriverWait(self.browser, 20).until(lambda browser: "/login" not in browser.current_url)

    def links(self, pattern: str) -> list[str]:
        """Return the addresses that the page leads to and that fit, each once."""
        found = [
            link.get_attribute("href") for link in self.browser.find_elements(By.CSS_SELECTOR, "main a[href]")
        ]
        return list(dict.fromkeys(address for address in found if re.search(pattern, address)))

    def first_link(self, pattern: str) -> str | None:
        return next(iter(self.links(pattern)), None)

    def predict(self, portal: str, file: Path, name: str, *, model: str = "") -> str:
        """Upload a file, wait for the result and return its address. No `model`: the suggested one."""
        self.open(f"/{portal}/predict/")
        self._fill("name", name)
        self.browser.find_element(By.CSS_SELECTOR, "main input[type=file]").send_keys(str(file))
        for label in self.browser.find_elements(By.CSS_SELECTOR, "main label"):
            if model and label.text.startswith(model):
                label.click()
        self.submit()
        return self._arrive(r"/predictions/[0-9a-f-]{36}/")

    def retrain(self, file: Path, reason: str) -> str:
        """Retrain with a file, wait for the new version and return the address of the comparison."""
        self.open("/dev/retrain/")
        self.browser.find_element(By.CSS_SELECTOR, "main input[type=file]").send_keys(str(file))
        self.submit()
        WebDriverWait(self.browser, 180).until(lambda browser: browser.find_elements(By.NAME, "reason"))
        self._fill("reason", reason)
        self.submit()
        return self._arrive(r"/retrainings/[0-9a-f-]{36}/")

    def take_log(self, portal: str, file: Path):
        """Bring a purchase log from its columns to its features; take every page on the way."""
        self.open(f"/{portal}/logs/new/")
        self.browser.find_element(By.CSS_SELECTOR, "main input[type=file]").send_keys(str(file))
        self.submit()
        log = self._arrive(r"/logs/[0-9a-f-]{36}/columns/$").removesuffix("columns/")
        self.take("log-columns", f"{log}columns/")
        self.submit()
        self._arrive(r"/logs/[0-9a-f-]{36}/$")
        for name, path in {"log": "", "log-profile": "profile/", "log-churn": "churn/"}.items():
            self.take(name, log + path)
        self.submit()
        self.open(f"{log}features/")
        self.submit()
        self.take("log-features", self._arrive(r"/features/[0-9a-f-]{36}/$"))

    def take_table(self, file: Path):
        """Bring a table of the company's own from its file to its first model; take every page on the way."""
        self.open("/dev/bases/new/")
        self.browser.find_element(By.CSS_SELECTOR, "main input[type=file]").send_keys(str(file))
        self.submit()
        for name, step in (("own-columns", "columns"), ("own-train", "train")):
            page = self._arrive(rf"/bases/new/{step}/")
            self.take(name, page)
            self.open(page)
            self.browser.find_element(By.CSS_SELECTOR, ".next-step button").click()
        self.take("own-first-model", self._arrive(r"/retrainings/[0-9a-f-]{36}/"))
        self.open("/dev/bases/")
        base = self.first_link(r"/bases/[0-9a-f-]{36}/$")
        for name, path in {"base": "", "base-words": "describe/", "base-archive": "archive/"}.items():
            self.take(name, base + path)

    def _arrive(self, pattern: str) -> str:
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
        self.browser.get_log("browser")
        set_window(self.browser, max(WIDTHS))
        self.open(path)
        time.sleep(0.4)  # fonts, charts and local times
        for width in WIDTHS:
            self._measure(name, width)
        for size, scheme in itertools.product(SIZES, SCHEMES):
            self._take(name, size, scheme)
        for entry in self.browser.get_log("browser"):
            # A page that stands for an error is meant to answer with its status.
            if entry["level"] == "SEVERE" and "nothing/here" not in entry["message"]:
                self._complain(f"{name}: {entry['message'][:240]}")
        print(f"{name:<24} {path}", flush=True)

    def _complain(self, sentence):
        self.has_complained = True
        print(f"COMPLAINT  {sentence}", file=sys.stderr, flush=True)

    def _measure(self, name, width):
        set_window(self.browser, width)
        for fault in page_faults(self.browser):
            self._complain(f"{name} at {width} px: {fault}")

    def _take(self, name, size, scheme):
        width, height = SIZES[size]
        set_window(self.browser, width, height=height, scheme=scheme)
        time.sleep(0.2)
        for fault in access_faults(self.browser):
            self._complain(f"{name} {size} {scheme}: {fault}")
        if self.axe:
            for found in self._run_axe():
                self._complain(f"{name} {size} {scheme}: {found}")
        tall = self.browser.execute_script("return document.documentElement.scrollHeight")
        set_window(self.browser, width, height=max(height, min(tall, TALLEST)), scheme=scheme)
        time.sleep(0.1)
        (PICTURES / f"{name}-{size}-{scheme}.png").write_bytes(self._picture(width, TALLEST))
        if (name, size, scheme) in README_PICTURES:
            shown, most = README_PICTURES[name, size, scheme]
            (SHOWN / f"{shown}.png").write_bytes(self._picture(width, most))

    def _run_axe(self) -> list[str]:
        """Return what axe-core finds that is serious or critical, with the elements it is about."""
        self.browser.execute_script(self.axe)
        found = self.browser.execute_async_script(AXE)
        return [
            f"{rule['impact']}: {rule['help']} ({rule['id']}): {where}"
            for rule in found
            for where in rule["where"]
        ]

    def _picture(self, width, most) -> bytes:
        tall = min(self.browser.execute_script("return window.innerHeight"), most)
        clip = {"x": 0, "y": 0, "width": width, "height": tall, "scale": 1}
        answer = self.browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": clip})
        return base64.b64decode(answer["data"])


def take_all(studio: Studio, accounts: dict[str, Account], file: Path, table: Path, log: Path):
    """Walk through the product as nobody, as a user and as a developer."""
    for name, path in ANYBODY.items():
        studio.take(name, path)
    for portal, role, pages in (("user", "user", BOTH), ("dev", "developer", DEVELOPER)):
        studio.log_in(portal, accounts[role])
        studio.predict(portal, file, "March base, second opinion", model="Random Forest")
        result = studio.predict(portal, file, "March base")
        if role == "developer":
            studio.take("developer-retraining", studio.retrain(file, "New customers of the first quarter"))
            studio.take_table(table)
        for name, path in pages.items():
            studio.take(f"{role}-{name}", f"/{portal}/{path}")
        studio.take(f"{role}-result", result)
        if role == "user":
            studio.take_log(portal, log)
    for page, link, name in (
        ("/dev/models/", r"/models/\d+/$", "developer-model"),
        ("/dev/models/", r"/deploy/$", "developer-deploy"),
        ("/dev/datasets/", r"/datasets/\d+/$", "developer-data-set"),
    ):
        studio.open(page)
        if found := studio.first_link(link):
            studio.take(name, found)
    take_administration(studio, accounts["operator"])


def take_administration(studio: Studio, operator: Account):
    """Walk through the operator's pages: each list, and the first row of each."""
    studio.log_in_operator(operator)
    for name, path in OPERATOR.items():
        studio.take(name, path)
    studio.open("/admin/")
    for address in studio.links(r"/admin/\w+/\w+/$"):
        name = "admin-" + address.rstrip("/").rsplit("/", 1)[-1]
        studio.take(name, address)
        studio.open(address)
        if row := next(iter(studio.links(rf"{address}.+/change/")), None):
            studio.take(f"{name}-row", row)


def read_accounts(text: str) -> dict[str, Account]:
    """Read how to log in from what `manage.py create_demo` printed: the first line per role counts."""
    accounts = {}
    for role, email, password in re.findall(r"^ +(\w+) +\S+ +(\S+@\S+) +(\S+)", text, re.MULTILINE):
        accounts.setdefault(role.lower(), Account(email, password))
    return accounts


@contextlib.contextmanager
def own_instance():
    """Start an instance with a fresh database in a folder of its own; yield its address and its accounts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="churnbuster-screenshots-") as folder:
        environment = {
            **os.environ,
            "STATE_DIR": f"{folder}/var",
            "MEDIA_ROOT": f"{folder}/media",
            "PORT": str(port),
            "BASE_URL": f"http://localhost:{port}",
            "OMP_NUM_THREADS": "1",
            "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        }
        subprocess.run([sys.executable, "-m", "scripts.prepare"], cwd=BASE_DIR, env=environment, check=True)
        server = subprocess.Popen(
            [sys.executable, "-m", "scripts.keep_running"],
            cwd=BASE_DIR,
            env=environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_for(f"http://localhost:{port}/login/")
            yield f"http://localhost:{port}", Path(folder, "var/demo_accounts.txt")
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def wait_for(url: str, seconds: float = 60):
    until = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


def customer_file() -> Path:
    """Choose what is predicted: the real telco file where it lies beside the checkout, else ours."""
    real = BASE_DIR.parent / "shared/data/telco_ibm.csv"
    return real if real.exists() else BASE_DIR / "DatasetA.csv"


def own_table(folder: Path) -> Path:
    """Write the table that is brought as a company's own."""
    table = folder / "members.csv"
    make_members().to_csv(table, index=False)
    return table


def purchase_log(folder: Path) -> Path:
    """Choose the log that is analysed: real lines of a shop where they lie beside the checkout, or ours."""
    real = BASE_DIR.parent / "shared/data/online_retail_lines_sample.csv"
    if real.exists():
        return real
    sample = folder / "coffee_shop.csv"
    sample.write_bytes(make_sample_log("coffee_shop"))
    return sample


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="take pictures of this running instance")
    parser.add_argument(
        "--accounts", type=Path, default=BASE_DIR / "var/demo_accounts.txt", help="how to log in there"
    )
    parser.add_argument(
        "--axe", type=Path, help="the axe.min.js of the npm package axe-core, run on every page"
    )
    options = parser.parse_args()
    # `kill` must end in the same clean-up as Ctrl-C, or the instance would stay behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    PICTURES.mkdir(parents=True, exist_ok=True)
    SHOWN.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        url, accounts = (
            (options.url, options.accounts) if options.url else stack.enter_context(own_instance())
        )
        studio = stack.enter_context(
            contextlib.closing(Studio(url, axe=options.axe.read_text() if options.axe else ""))
        )
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        take_all(
            studio,
            read_accounts(accounts.read_text()),
            customer_file(),
            own_table(folder),
            purchase_log(folder),
        )
    return 1 if studio.has_complained else 0


if __name__ == "__main__":
    sys.exit(main())
