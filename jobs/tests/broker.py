"""Fixtures around the message broker: each test has a folder of its own, never the installation's."""

import json
import socket
from contextlib import contextmanager

import pytest
from celery import current_app
from django.utils import timezone

from jobs.models import Job
from jobs.runner import JobRun, run_job


@contextmanager
def connected_to(url, **options):
    app = current_app._get_current_object()
    changes = {name: url for name in ("broker_url", "broker_read_url", "broker_write_url")}
    changes["broker_transport_options"] = options
    before = {name: app.conf[name] for name in changes}
    app.conf.update(changes)
    _forget_connections(app)
    try:
        yield
    finally:
        app.conf.update(before)
        _forget_connections(app)


def _forget_connections(app):
    # Those that are open still lead to the broker before.
    app._pool = None
    app.amqp._producer_pool = None


@pytest.fixture(autouse=True)
def broker_folder(tmp_path, settings):
    """Return the folder in which this test's messages lie."""
    folder = tmp_path / "broker"
    settings.CELERY_BROKER_FOLDER = folder
    folder.mkdir()
    with connected_to(
        "filesystem://",
        data_folder_in=str(folder / "messages"),
        control_folder=str(folder / "control"),
        polling_interval=0.05,
    ):
        yield folder


@pytest.fixture
def messages(broker_folder):
    """Return a function that lists what waits in the broker, oldest first."""

    def read():
        return [
            json.loads(path.read_text()) for path in sorted((broker_folder / "messages").glob("[0-9]*.msg"))
        ]

    return read


@pytest.fixture
def broker_down(broker_folder):
    """Point the broker at a Redis where nobody listens."""
    port = free_port()
    with connected_to(
        f"redis://127.0.0.1:{port}/0",
        socket_connect_timeout=2, max_retries=1, interval_start=0, interval_step=0.2,
    ):  # fmt: skip
        yield


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def do_jobs():
    """Return a function that does all queued jobs here and now, and what comes after; it returns them.

    `most` ends it after so many.
    """

    def do(*, most=None):
        current_app.loader.import_default_modules()
        done = []
        while queued := list(Job.objects.filter(state=Job.State.QUEUED).order_by("queued_at")):
            for job in queued:
                if len(done) == most:
                    return done
                run_job(job.pk, clock=timezone.now)
                job.refresh_from_db()
                done.append(job)
        return done

    return do


@pytest.fixture
def taken(monkeypatch):
    """Return the steps that jobs report, in their order, as they are reported."""
    original, steps = JobRun.progress, []

    def progress(run, step, *sizes):
        if step not in steps:
            steps.append(step)
        return original(run, step, *sizes)

    monkeypatch.setattr(JobRun, "progress", progress)
    return steps
