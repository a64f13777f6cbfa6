"""Real workers, started by the Procfile's own commands, that are killed without warning."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from companies.events import COMPANY_ERASED
from companies.models import AuditEvent
from conftest import service_missing
from core.files.drafts import PARTIAL
from core.models import UntoldEvent
from jobs import health, orders, services
from jobs.models import Job
from jobs.tests.broker import connected_to, free_port
from scripts.keep_running import PROCFILE, commands_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

BASE_DIR = Path(__file__).resolve().parents[2]
LEASE_SECONDS = 3


def database_url():
    made = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{made['NAME']}"
    login = quote(made["USER"]) + (f":{quote(made['PASSWORD'])}" if made["PASSWORD"] else "")
    return f"mysql://{login}@{made['HOST'] or '127.0.0.1'}:{made['PORT'] or 3306}/{made['NAME']}"


def wait_until(condition, *, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.1)
    pytest.fail(f"Not within {seconds} s: {what}.")


class Processes:
    """What the Procfile starts, with this test's database and broker."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.environment = environment
        self.running = []

    def start(self, name):
        procfile = self.folder / f"Procfile-{name}"
        added = " --include jobs.tests.work" if name == "worker" else ""
        procfile.write_text(f"{name}: {shlex.join(commands_of(PROCFILE)[name])}{added}")
        command = [sys.executable, "-m", "scripts.keep_running", "--procfile", str(procfile)]
        log = (self.folder / f"{name}.log").open("ab")
        process = subprocess.Popen(
            command, cwd=BASE_DIR, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )
        self.running.append(process)
        return process

    def stop(self):
        for process in self.running:
            process.terminate()
        for process in self.running:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def logs(self):
        return "\n".join(f"--- {path.name}\n{path.read_text()}" for path in self.folder.glob("*.log"))


@pytest.fixture
def environment(tmp_path, broker_folder):
    binaries = str(Path(sys.executable).parent)
    return os.environ | {
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "DATABASE_URL": database_url(),
        "STATE_DIR": str(tmp_path / "state"),
        "BROKER_DIR": str(broker_folder),
        "MEDIA_ROOT": str(tmp_path / "media"),
        "JOB_LEASE_SECONDS": str(LEASE_SECONDS),
        "REDIS_URL": "",
    }


@pytest.fixture
def processes(tmp_path, environment):
    made = Processes(tmp_path, environment)
    yield made
    made.stop()
    print(made.logs())


@pytest.fixture
def redis_url(tmp_path):
    server = shutil.which("redis-server")
    if not server:
        service_missing("Redis is not installed: apt-get install -y redis-server")
    port = free_port()
    arguments = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, start_new_session=True)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait(timeout=10)


def enqueue(folder, *, steps=8, pause=0.25, task="tests.steps"):
    payload = {"folder": str(folder), "steps": steps, "pause": pause}
    return services.enqueue(task=task, company=None, account=None, payload=payload, at=timezone.now())


def wait_for_end(job, *, seconds):
    def has_ended():
        job.refresh_from_db()
        return job.has_ended

    wait_until(has_ended, seconds=seconds, what="the job ended")
    return job


def work_log(folder):
    path = folder / "log.txt"
    return [tuple(map(int, line.split())) for line in path.read_text().splitlines()] if path.exists() else []


def wait_for_a_worker_deep_in_work(folder):
    lines = wait_until(
        lambda: (lines := work_log(folder))[2:] and lines, seconds=60, what="a worker took the job"
    )
    return psutil.Process(lines[0][1])


def assert_done_once(job, folder, *, attempts, steps=8):
    assert (job.state, job.attempt) == ("SUCCEEDED", attempts)
    assert AuditEvent.objects.filter(action="tests.result", subject=str(job.pk)).count() == 1
    assert (folder / "result.txt").read_text().splitlines() == [f"line {step}" for step in range(steps)]
    assert len([line for line in work_log(folder) if line[0] == attempts]) == steps
    # The half file of the attempt that was killed went with the next one.
    assert not list(folder.glob(f"{PARTIAL}*"))


def kill_and_wait_until_done(processes, folder, victim):
    processes.start("clock")
    processes.start("worker")
    job = enqueue(folder)
    child = wait_for_a_worker_deep_in_work(folder)

    {"child": child, "main": child.parent()}[victim].kill()
    killed_at = time.monotonic()

    assert not (folder / "result.txt").exists()
    assert not AuditEvent.objects.exists()
    wait_for_end(job, seconds=60)
    assert_done_once(job, folder, attempts=2)
    assert time.monotonic() - killed_at < 60


@pytest.mark.parametrize("victim", ["child", "main"])
def test_a_killed_worker_costs_an_attempt_and_nothing_else(processes, tmp_path, victim):
    kill_and_wait_until_done(processes, tmp_path, victim)


@pytest.mark.any_database
def test_idle_processes_of_the_pool_that_are_killed_are_replaced(processes, tmp_path):
    processes.start("clock")
    processes.start("worker")
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    wait_for_end(enqueue(first, steps=1), seconds=60)

    # Whoever of them waits for work may hold what the others need to get theirs.
    main = psutil.Process(work_log(first)[0][1]).parent()
    for child in main.children():
        child.kill()

    assert_done_once(wait_for_end(enqueue(second, steps=2), seconds=60), second, attempts=1, steps=2)


@pytest.mark.any_database
def test_a_poison_job_ends_with_a_sentence_and_others_go_on(processes, tmp_path):
    processes.start("clock")
    processes.start("worker")
    poison = enqueue(tmp_path, task="tests.poison")
    healthy = enqueue(tmp_path, steps=2)

    wait_for_end(healthy, seconds=60)
    wait_for_end(poison, seconds=100)

    assert_done_once(healthy, tmp_path, attempts=healthy.attempt, steps=2)
    assert (poison.state, poison.attempt, poison.error["code"]) == ("FAILED", 3, "worker-lost")


def test_many_messages_of_one_job_two_workers_and_two_clocks_do_it_once(processes, tmp_path):
    for name in ("worker", "worker", "clock", "clock"):
        processes.start(name)
    job = enqueue(tmp_path)
    for _ in range(10):
        services.deliver_job(job_id=job.pk, at=timezone.now())

    wait_for_end(job, seconds=60)
    wait_until(lambda: cache.get(health.WORKED), seconds=20, what="the worker is seen")

    assert_done_once(job, tmp_path, attempts=1)


def test_what_a_killed_process_left_untold_is_told_by_the_clock(processes, tmp_path, company):
    file = tmp_path / "media" / "datasets" / "dev" / "uploadToPredict" / company.pk / "march.csv"
    file.parent.mkdir(parents=True)
    file.write_text("theirs")
    # As its process wrote it, which is gone: after the commit and before anybody was told.
    UntoldEvent.objects.create(
        event=COMPANY_ERASED, subscriber="companies.erase_files", about=company.pk,
        ids={"id": company.pk, "uuid": str(company.uuid)}, happened_at=timezone.now(), due_at=timezone.now(),
    )  # fmt: skip
    for name in ("worker", "clock"):
        processes.start(name)

    wait_until(lambda: not UntoldEvent.objects.exists(), seconds=60, what="everybody was told")

    assert not file.exists()


def test_a_job_that_runs_stops_soon_after_the_cancel(processes, tmp_path, user):
    processes.start("worker")
    job = enqueue(tmp_path, steps=1000)
    Job.objects.filter(pk=job.pk).update(account=user)
    job.refresh_from_db()
    wait_for_a_worker_deep_in_work(tmp_path)

    orders.request_cancel(job=job, by=user, at=timezone.now())

    assert wait_for_end(job, seconds=5).state == "CANCELLED"
    assert not (tmp_path / "result.txt").exists()
    assert not AuditEvent.objects.filter(action="tests.result").exists()


def test_a_job_that_no_message_announces_is_found_by_the_clock(processes, tmp_path, broker_down):
    job = enqueue(tmp_path, steps=2)
    assert job.delivered_at is None

    processes.start("clock")
    processes.start("worker")

    wait_for_end(job, seconds=60)
    assert_done_once(job, tmp_path, attempts=1, steps=2)


@pytest.mark.any_database
@pytest.mark.parametrize("victim", ["child", "main"])
def test_the_same_holds_on_redis(redis_url, environment, processes, tmp_path, victim):
    environment["REDIS_URL"] = redis_url

    with connected_to(redis_url):
        kill_and_wait_until_done(processes, tmp_path, victim)
