"""What stands in the log, as a program that collects it reads it."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import django, logging, structlog
django.setup()
structlog.contextvars.bind_contextvars(request_id="r-1", job="j-1")
logging.getLogger("jobs.runner").warning("The lease of %s is lost.", "j-1")
structlog.get_logger("core").info("request_finished", code=200)
logging.getLogger("jobs.runner").debug("too much")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("jobs.runner").exception("The handler failed.")
"""


@pytest.fixture
def log(tmp_path, monkeypatch):
    """Return a function that gives the lines that a fresh process writes."""

    def lines(**environment):
        for name, value in {
            "STATE_DIR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "churnbuster.settings",
        }.items():
            monkeypatch.setenv(name, value)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
        assert told.returncode == 0, told.stderr
        return told.stderr.splitlines()

    return lines


def test_json_lines_carry_request_and_job_whoever_wrote_them(log):
    warning, finished, failed = (json.loads(line) for line in log(LOG_FORMAT="json"))

    assert warning["event"] == "The lease of j-1 is lost."
    assert (finished["event"], finished["code"]) == ("request_finished", 200)
    for line in (warning, finished, failed):
        assert (line["request_id"], line["job"]) == ("r-1", "j-1")
        assert line["timestamp"].endswith("Z") and line["level"] and line["logger"]
    assert "ZeroDivisionError" in failed["exception"]


def test_lines_for_people_say_the_same(log):
    text = "\n".join(log(LOG_FORMAT="console", LOG_LEVEL="WARNING"))

    assert "The lease of j-1 is lost." in text and "request_id=r-1" in text
    assert "Traceback" in text
    assert "request_finished" not in text
