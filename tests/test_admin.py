"""In the admin rows are read; what may be done is an action over a service, so that no log can be changed."""

import html
import json

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from companies.models import AuditEvent
from companies.tests.factories import PASSWORD
from registry.selectors import telecom_base

pytestmark = pytest.mark.django_db

# A model type is changed by its service, and a group is no record of anything.
TYPED_INTO = {"registry.modeltype", "auth.group"}


def test_operators_type_into_no_log(rf, operator):
    request = rf.get("/admin/")
    request.user = operator

    open_to_typing = {
        model._meta.label_lower
        for model, page in admin.site._registry.items()
        if page.has_add_permission(request)
        or page.has_change_permission(request)
        or page.has_delete_permission(request)
    }

    assert open_to_typing == TYPED_INTO


def test_what_programs_wrote_stands_on_lines_of_its_own_and_is_folded_where_it_is_long(as_operator):
    base = telecom_base()

    page = as_operator.get(reverse("admin:registry_population_change", args=[base.pk])).content.decode()

    policies, schema = (html.escape(json.dumps(told, indent=2)) for told in (base.policies, base.schema))
    assert f"<details open><summary>5 lines</summary><pre>{policies}</pre>" in page
    assert f"<details><summary>{schema.count(chr(10)) + 1} lines</summary><pre>" in page
    assert base.schema["id_column"] in page


@pytest.fixture
def locked_out(user, settings):
    settings.AXES_FAILURE_LIMIT = 2
    stranger = Client()
    for _ in range(2):
        stranger.post("/user/login/", {"login": user.email, "password": "wrong"})
    return user


def test_whoever_is_locked_out_is_let_in_again_and_that_is_written_down(locked_out, as_operator, operator):
    attempt = AccessAttempt.objects.get(username=locked_out.email)
    login = {"login": locked_out.email, "password": PASSWORD}
    assert Client().post("/user/login/", login).status_code == 429

    as_operator.post(
        reverse("admin:axes_accessattempt_changelist"),
        {"action": "let_in_again", "_selected_action": attempt.pk},
    )

    assert Client().post("/user/login/", login)["Location"] == "/user/"
    event = AuditEvent.objects.get(action="login-unlocked")
    assert (event.actor, event.subject, event.company) == (
        operator,
        locked_out.email,
        locked_out.user.company,
    )


def test_the_log_of_logins_cannot_be_deleted(user, as_operator):
    Client().post("/user/login/", {"login": user.email, "password": PASSWORD})
    line = AccessLog.objects.get(username=user.email)

    answer = as_operator.post(reverse("admin:axes_accesslog_delete", args=[line.pk]), {"post": "yes"})

    assert answer.status_code == 403
    assert AccessLog.objects.filter(pk=line.pk).exists()
