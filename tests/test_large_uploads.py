"""Four large files at once are no matter of memory for the process that takes them."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.installation import answering_programs
from transactions.presenting.samples import sample_file

AT_ONCE = 4
MEGABYTES = 95
MOST_MEGABYTES = 300
PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with answering_programs(tmp_path_factory.mktemp("large")) as running:
        yield running


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """Return a log of 95 MB: the sample again and again, each time of other customers."""
    header, *rows = sample_file("coffee_shop.csv").decode().splitlines(keepends=True)
    path = tmp_path_factory.mktemp("log") / "large.csv"
    with open(path, "w") as file:
        file.write(header)
        again = 0
        while file.tell() < MEGABYTES << 20:
            file.writelines(f"{again}-{row}" for row in rows)
            again += 1
    return path


@pytest.mark.prove
@pytest.mark.any_database
@pytest.mark.django_db
@pytest.mark.timeout(900)
def test_four_at_once_leave_the_web_processes_small(server, log):
    senders = [send(server, log) for _ in range(AT_ONCE)]
    answers = [sender.communicate(timeout=600)[0].rsplit("\n", 1) for sender in senders]

    assert [status for _, status in answers] == ["200"] * AT_ONCE, answers
    assert max(peaks(server.processes["web"].pid)) < MOST_MEGABYTES


def send(server, path):
    address = f"{server.url}/api/v1/churn/v2/organizations/{server.company}/upload-dataset"
    parts = ["-F", f"file=@{path}", "-F", "has_churn_label=false"]
    return subprocess.Popen(
        ["curl", "-s", "-w", "\n%{http_code}", "-H", f"Authorization: Api-Key {server.key}", *parts, address],
        stdout=subprocess.PIPE,
        text=True,
    )


def peaks(pid):
    """Return the most memory that a process and those it started ever held, each in MB."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    yield int(PEAK.search(Path(f"/proc/{pid}/status").read_text())[1]) / 1024
    for child in found.stdout.split():
        yield from peaks(child)
