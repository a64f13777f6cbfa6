import re

import pytest
import structlog
from django.test import Client, RequestFactory

from core.middleware import RequestLogMiddleware


def logged(path):
    return RequestLogMiddleware.format_request(RequestFactory().get(path))


def test_the_answer_carries_the_id_under_which_it_is_logged(db, client):
    response = client.get("/health")

    assert re.fullmatch(r"[0-9a-f-]{36}", response["X-Request-ID"])


def test_a_caller_cannot_choose_the_id(db):
    assert Client().get("/health", headers={"X-Request-ID": "forged"})["X-Request-ID"] != "forged"


def test_the_address_in_the_log_is_the_servers_and_not_that_of_a_header():
    request = RequestFactory().get(
        "/", headers={"X-Forwarded-For": "8.8.8.8", "X-Real-IP": "8.8.8.8"}, REMOTE_ADDR="192.0.2.7"
    )

    with structlog.contextvars.bound_contextvars():
        RequestLogMiddleware.bind_ip(request)
        assert structlog.contextvars.get_contextvars()["ip"] == "192.0.2.7"
        structlog.contextvars.unbind_contextvars("ip")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/dev/models/12/", "GET /dev/models/12/"),
        (
            "/user/jobs/0b0f4a53-38f8-4a2e-9a0e-0d9a6c0a4a11/",
            "GET /user/jobs/0b0f4a53-38f8-4a2e-9a0e-0d9a6c0a4a11/",
        ),
        (
            "/accounts/confirm-email/MTA:1vXyZa:abcdefghijklmnopqrstuvwxyz/",
            "GET /accounts/confirm-email/***/",
        ),
        ("/password/reset/key/a1-c5f6d7e8a9b0c1d2e3f4a5b6c7d8e9f0/", "GET /password/reset/key/***/"),
        ("/login/?next=/dev/&token=abc", "GET /login/ (next,token)"),
        ("/static/css/churnbuster.0123456789ab.css", "GET /static/css/churnbuster.0123456789ab.css"),
    ],
)
def test_secrets_of_links_and_queries_stay_out_of_the_log(path, line):
    assert logged(path) == line
