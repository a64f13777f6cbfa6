"""Hostile files are sent to the Predict page: refused with a sentence, or predicted whole."""

import tempfile
import time
from pathlib import Path

import pytest
from django.urls import reverse

from jobs.models import Job
from predictions.models import Prediction

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]

REFUSED = {400, 413, 415, 422}
CANARIES = ("badfiles_canary_fired", "badfiles_slip", "badfiles_slip_abs", "badfiles_traversal.csv")
PARTS = 6
BOUNDARY = "a-boundary-that-no-file-holds"


@pytest.fixture
def send(bad_files, as_user, version, do_jobs, media_files):
    """Send files to the page, one after the other, and return what went otherwise than the manifest says."""
    folder, _ = bad_files

    def send(cases):
        wrong = []
        for case in cases:
            content = (folder / case["file"]).read_bytes()
            found = faults(case, content, as_user, version, do_jobs, media_files)
            wrong += [f"{case['file']}: {what}" for what in found]
            Prediction.objects.all().delete()
            Job.objects.all().delete()
            for path in media_files():
                path.unlink()
        return wrong

    return send


def cases_of(bad_files):
    _, manifest = bad_files
    return manifest["cases"] if isinstance(manifest, dict) else manifest


def ending(case):
    """Return how the manifest wants a file to end, by the page."""
    expected = case["predict"] if case["schema"] == "telco" else {"expect": "reject"}
    return case["schema"], expected["expect"], expected.get("reason")


def test_refuses_or_predicts_each_kind_as_the_manifest_says(bad_files, send):
    # One of those that end alike: how each is read is tried in `tabular`.
    chosen = {ending(case): case for case in cases_of(bad_files)}.values()

    assert send(chosen) == []
    assert not canaries()


@pytest.mark.prove
@pytest.mark.parametrize("part", range(PARTS))
def test_refuses_or_predicts_as_the_manifest_says(part, bad_files, send):
    assert send(cases_of(bad_files)[part::PARTS]) == []
    assert not canaries()


def canaries():
    return [name for name in CANARIES if (Path(tempfile.gettempdir()) / name).exists()]


def multipart(fields, filename, content):
    """Encode a form as browsers do; Django's test client would shorten the hostile names."""
    parts = [f'name="{key}"\r\n\r\n{value}'.encode() for key, value in fields.items()]
    escaped = filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    head = f'name="file"; filename="{escaped}"\r\nContent-Type: text/csv\r\n\r\n'
    parts.append(head.encode("utf-8", "surrogatepass") + content)
    lines = [f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode() + part + b"\r\n" for part in parts]
    return b"".join(lines) + f"--{BOUNDARY}--\r\n".encode()


def faults(case, content, client, version, do_jobs, media_files):
    """Yield what went otherwise than the manifest says."""
    started = time.monotonic()
    name = case.get("upload_as", case["file"])
    body = multipart({"name": "Bad file", "model": str(version.pk)}, name, content)
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    answer = client.post(reverse("predictions:new", args=("user",)), body, content_type=kind)
    seconds = time.monotonic() - started
    if seconds > 10:
        yield f"took {seconds:.1f} s"

    expected = case["predict"] if case["schema"] == "telco" else {"expect": "reject", "reason": None}
    if answer.status_code == 302:
        yield from predicted(case, expected, do_jobs)
    elif answer.status_code in REFUSED:
        yield from refused(case, expected, answer, media_files)
    else:
        yield f"answered {answer.status_code}"


def predicted(case, expected, do_jobs):
    if expected["expect"] == "reject":
        yield "was accepted"
        return
    [job] = do_jobs()
    if job.state != Job.State.SUCCEEDED:
        yield f"was accepted, then {job.state}: {job.error}"
        return
    prediction = Prediction.objects.get()
    rows = case.get("check", {}).get("rows")
    read = prediction.input_data
    if rows is not None and read["accepted"] != rows:
        yield f"{read['accepted']} rows instead of {rows}"
    if prediction.result["rows"] != read["accepted"]:
        yield "not every accepted row was predicted"
    if read["rows_in"] != read["accepted"] + read["duplicates"] + read["rejected"]:
        yield "rows are not accounted for"
    if expected["expect"] == "accept_warn" and not (read["warnings"] or read["duplicates"]):
        yield "was accepted without a warning"


def refused(case, expected, answer, media_files):
    if expected["expect"].startswith("accept"):
        yield f"was refused: {said(answer)}"
    if Prediction.objects.exists() or Job.objects.exists():
        yield "left a row behind"
    refusal = answer.context["refusal"]
    kept = refusal.extra.get("kept") if refusal else None
    if not kept and media_files():
        yield f"left {media_files()} behind"
    if refusal is None:
        return
    if expected.get("reason") and refusal.code != expected["reason"]:
        yield f"{refusal.code} instead of {expected['reason']}: {refusal}"
    at = case.get("at") or {}
    for key in ("line", "column"):
        if case["schema"] == "telco" and at.get(key) and refusal.extra[key] != at[key]:
            yield f"{key} {refusal.extra[key]} instead of {at[key]}"
    if at.get("columns_named") and len(refusal.extra["columns"]) != at["columns_named"]:
        yield f"named {len(refusal.extra['columns'])} columns instead of {at['columns_named']}"


def said(answer):
    return str(answer.context["refusal"] or answer.context["form"].errors)
