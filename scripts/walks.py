"""The walks through the product that `make screenshots` takes, by who walks and with what."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from scripts.studio import Account, Studio

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
    "help": "/help/",
    "api": "/api/docs/",
}
BOTH = {
    "home": "",
    "predict": "predict/",
    "history": "predictions/",
    "bases": "bases/",
    "logs": "logs/",
    "new-log": "logs/new/",
    "sample-logs": "logs/samples/",
    "models": "models/",
    "account": "account/",
    "deactivate": "account/deactivate/",
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
OPERATOR = {"admin": "/admin/", "admin-password": "/admin/password_change/"}


@dataclass(frozen=True)
class Material:
    """What the walks bring along."""

    accounts: dict[str, Account]
    customers: Path
    table: Path
    purchases: Path
    visits: Path


def as_anybody(studio: Studio, _material: Material):
    for name, path in ANYBODY.items():
        studio.take(name, path)
    studio.open("/help/")
    for address in studio.links(r"/help/[\w-]+/$"):
        studio.take("help-" + address.rstrip("/").rsplit("/", 1)[-1], address)


def as_user(studio: Studio, material: Material):
    studio.log_in("user", material.accounts["user"])
    result = predict_twice(studio, "user", material)
    for name, path in BOTH.items():
        studio.take(f"user-{name}", f"/user/{path}")
    studio.take("user-result", result)
    for name in ("rename", "delete"):
        studio.take(f"user-{name}", f"{result}{name}/")
    studio.open("/user/models/")
    studio.take("user-model", studio.first_link(r"/models/\d+/$"))


def as_developer(studio: Studio, material: Material):
    studio.log_in("dev", material.accounts["developer"])
    result = predict_twice(studio, "dev", material)
    retrain(studio, material.customers)
    take_table(studio, material.table)
    for name, path in DEVELOPER.items():
        studio.take(f"developer-{name}", f"/dev/{path}")
    studio.take("developer-result", result)
    for page, link, name in (
        ("/dev/models/", r"/models/\d+/$", "developer-model"),
        ("/dev/models/", r"/deploy/$", "developer-deploy"),
        ("/dev/datasets/", r"/datasets/\d+/$", "developer-data-set"),
    ):
        studio.open(page)
        if found := studio.first_link(link):
            studio.take(name, found)


def of_purchases(studio: Studio, material: Material):
    studio.log_in("user", material.accounts["user"])
    take_log(studio, "user", "log", material.purchases)


def of_visits(studio: Studio, material: Material):
    """From who came and when to scored customers: as the developer, who trains."""
    studio.log_in("dev", material.accounts["developer"])
    log = take_log(studio, "dev", "visits", material.visits, whose="Visitors")
    studio.take("visits-train", f"{log}model/")
    studio.open(f"{log}model/")
    studio.submit()
    studio.take("visits-trained", studio.arrive(r"/model/[0-9a-f-]{36}/$"))
    studio.open(log)
    studio.click("form[action$='/score/'] button")
    studio.take("visits-result", studio.arrive(r"/predictions/[0-9a-f-]{36}/$"))
    studio.take("visits-scored", log)
    studio.take("visits-newer", f"{log}newer/")
    studio.take("visits-models", "/dev/models/")


def as_operator(studio: Studio, material: Material):
    """Each list of the admin, and the first row of each."""
    studio.log_in_operator(material.accounts["operator"])
    for name, path in OPERATOR.items():
        studio.take(name, path)
    studio.open("/admin/")
    for address in studio.links(r"/admin/\w+/\w+/$"):
        name = "admin-" + address.rstrip("/").rsplit("/", 1)[-1]
        studio.take(name, address)
        studio.open(address)
        if row := next(iter(studio.links(rf"{address}.+/change/")), None):
            studio.take(f"{name}-row", row)


WALKS: dict[str, Callable[[Studio, Material], None]] = {
    "anybody": as_anybody,
    "user": as_user,
    "developer": as_developer,
    "purchases": of_purchases,
    "visits": of_visits,
    "operator": as_operator,
}


# --- Steps of them ---------------------------------------------------------------------------------------


def predict_twice(studio: Studio, portal: str, material: Material) -> str:
    """Predict by another model and by the suggested one; return the page of the second result."""
    predict(studio, portal, material.customers, "March base, second opinion", model="Random Forest")
    return predict(studio, portal, material.customers, "March base")


def predict(studio: Studio, portal: str, file: Path, name: str, *, model: str = "") -> str:
    """Upload a file, wait for the result and return its address. No `model`: the suggested one."""
    studio.open(f"/{portal}/predict/")
    studio.fill("name", name)
    for label in studio.browser.find_elements(By.CSS_SELECTOR, "main label"):
        if model and label.text.startswith(model):
            label.click()
    studio.send_file(file)
    return studio.arrive(r"/predictions/[0-9a-f-]{36}/")


def retrain(studio: Studio, file: Path):
    """Retrain with a file and take the comparison with the version before."""
    studio.open("/dev/retrain/")
    studio.send_file(file)
    WebDriverWait(studio.browser, 180).until(lambda browser: browser.find_elements(By.NAME, "reason"))
    studio.fill("reason", "New customers of the first quarter")
    studio.submit()
    studio.take("developer-retraining", studio.arrive(r"/retrainings/[0-9a-f-]{36}/"))


def take_log(studio: Studio, portal: str, name: str, file: Path, *, whose: str = "") -> str:
    """Bring a log from its columns to its features; take every page on the way and return its address.

    A company that has a log is asked whose the next one is; `whose` names other customers.
    """
    studio.open(f"/{portal}/logs/new/")
    if whose and studio.browser.find_elements(By.NAME, "base"):
        studio.click("[name=base][value=others]")
        studio.fill("new_base", whose)
    studio.send_file(file)
    log = studio.arrive(r"/logs/[0-9a-f-]{36}/columns/$").removesuffix("columns/")
    studio.take(f"{name}-columns", f"{log}columns/")
    studio.open(f"{log}columns/")
    studio.submit()
    studio.arrive(r"/logs/[0-9a-f-]{36}/$")
    for page, path in {name: "", f"{name}-profile": "profile/", f"{name}-churn": "churn/"}.items():
        studio.take(page, log + path)
    studio.open(f"{log}churn/")
    studio.submit()
    studio.open(f"{log}features/")
    studio.submit()
    studio.take(f"{name}-features", studio.arrive(r"/features/[0-9a-f-]{36}/$"))
    return log


def take_table(studio: Studio, file: Path):
    """Bring a table of the company's own from its file to its first model; take every page on the way."""
    studio.open("/dev/bases/new/")
    studio.send_file(file)
    for name, step in (("own-columns", "columns"), ("own-train", "train")):
        page = studio.arrive(rf"/bases/new/{step}/")
        studio.take(name, page)
        studio.open(page)
        if step == "train":
            studio.click("input[value=automl]")
        studio.click(".next-step button")
    training = studio.arrive(r"/retrainings/[0-9a-f-]{36}/")
    studio.take("own-first-model", training)
    studio.take("own-types-tried", f"{training}search/")
    studio.open("/dev/bases/")
    base = studio.first_link(r"/bases/[0-9a-f-]{36}/$")
    for name, path in {"base": "", "base-words": "describe/", "base-archive": "archive/"}.items():
        studio.take(name, base + path)
