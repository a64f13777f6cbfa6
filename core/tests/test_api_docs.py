import ast
import re
from collections import Counter

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse


def test_the_schema_describes_every_endpoint_without_a_doubt(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


def test_no_sentence_of_the_schema_is_written_twice():
    written = Counter(
        ast.literal_eval(node.value)
        for pattern in ("*/api.py", "*/api/*.py")
        for path in settings.BASE_DIR.glob(pattern)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "help_text" and isinstance(node.value, ast.Constant)
    )

    assert len(written) > 150
    assert [sentence for sentence, times in written.items() if times > 1] == []


@pytest.mark.django_db
def test_the_schema_names_the_jobs(client):
    schema = client.get(reverse("schema"), headers={"accept": "application/json"}).json()

    assert "/api/v1/jobs/{job_id}" in schema["paths"]


@pytest.mark.django_db
def test_the_schema_says_of_every_call_what_happens_beyond_the_limit(client):
    schema = client.get(reverse("schema"), headers={"accept": "application/json"}).json()

    answers = [call["responses"].get("429") for calls in schema["paths"].values() for call in calls.values()]
    assert len(answers) > 30
    assert all(answer == {"$ref": "#/components/responses/TooManyCalls"} for answer in answers)
    told = schema["components"]["responses"]["TooManyCalls"]
    assert "Retry-After" in told["headers"]
    assert schema["components"]["schemas"]["Refusal"]["required"] == ["code", "message"]


# What begins like this says half of a sentence, of which the reader has to guess the other.
HALVES = re.compile(r"(?:Null|Of|As in|That|By|Beside|Else|And|and|Absolute|Calibrated|Scored)\b")


def described(part, place=""):
    """Yield where each field and parameter stands, and what is said of it."""
    for name, inner in part.items() if isinstance(part, dict) else enumerate(part):
        if name == "description" and isinstance(inner, str):
            yield place, inner
        elif isinstance(inner, (dict, list)):
            yield from described(inner, f"{place}/{name}")


@pytest.mark.django_db
def test_each_field_is_described_by_what_it_is(client):
    schema = client.get(reverse("schema"), headers={"accept": "application/json"}).json()

    found = list(described({part: schema[part] for part in ("paths", "components")}))

    assert len(found) > 300
    assert [(place, text) for place, text in found if HALVES.match(text)] == []


@pytest.mark.django_db
def test_the_page_asks_nobody_else_and_has_nothing_inline(client):
    page = client.get(reverse("api-docs"))
    script = client.get(reverse("api-docs") + "?script=")

    text = page.content.decode()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert addresses and all(re.match(r"/(?!/)|#", address) for address in addresses)
    assert "<style" not in text
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert "default-src 'self'" in page["Content-Security-Policy"]
    assert script["Content-Type"].startswith("application/javascript")
    assert '"validatorUrl": null' in script.content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_browser_shows_the_endpoints_under_the_strict_policy(browser, live_server):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get(live_server.url + reverse("api-docs"))
    WebDriverWait(browser, 30).until(lambda page: page.find_elements(By.CSS_SELECTOR, ".opblock"))

    assert "/api/v1/jobs" in browser.find_element(By.ID, "swagger-ui").text
    errors = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []
