"""An upload that is one call too many is neither read nor stored, whoever sends it."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from companies.services.api_keys import create_api_key
from intake.services.receiving import UploadToDisk
from transactions.models import AnalysisSession

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_a_minute(settings, monkeypatch):
    settings.API_CALLS_PER_MINUTE = settings.API_CALLS_PER_MINUTE | {"changing": 2}
    # The minute does not end in between.
    monkeypatch.setattr("companies.call_limits.time.time", lambda: 1_800_000_020.0)


@pytest.fixture
def begun(monkeypatch):
    """Return the names of the files that somebody began to store."""
    names = []
    begin = UploadToDisk.new_file

    def noting(self, field_name, file_name, *args, **kwargs):
        names.append(file_name)
        return begin(self, field_name, file_name, *args, **kwargs)

    monkeypatch.setattr(UploadToDisk, "new_file", noting)
    return names


@pytest.fixture
def program(company, developer):
    _, secret = create_api_key(
        company=company, name="Nightly", scopes=["train"], by=developer, at=timezone.now()
    )
    return Client(headers={"Authorization": f"Api-Key {secret}"})


@pytest.fixture
def person(as_developer):
    return as_developer


@pytest.fixture
def person_with_a_wrong_token(developer):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(developer, backend="allauth.account.auth_backends.AuthenticationBackend")
    # With the cookie alone the check looks for its other half in the form.
    browser.cookies["csrftoken"] = "a" * 32
    return browser


@pytest.mark.parametrize("sender", ["program", "person", "person_with_a_wrong_token"])
def test_an_upload_too_many_leaves_nothing_behind(request, begun, settings, sender):
    client = request.getfixturevalue(sender)

    answers = [
        client.post("/api/v1/upload", {"file": SimpleUploadedFile("log.csv", b"not a log")}) for _ in range(3)
    ]

    assert 429 not in [answer.status_code for answer in answers[:2]]
    assert answers[2].status_code == 429
    assert answers[2].json()["code"] == "too-many-calls"
    assert len(begun) == 2
    assert not any(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir())
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    assert not AnalysisSession.objects.exists()
