import errno
import resource
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.views import APIView

from core.files.owners import sweep
from intake.api import TakesUpload
from intake.services.waiting import waiting_room
from intake.views import receives_upload


@pytest.fixture
def kept():
    path = waiting_room() / "upload-forgotten"
    path.write_text("customerID\n1\n")
    return path


@pytest.fixture
def folder_of_work():
    """Return what a process that was killed left of a workbook."""
    left = waiting_room() / "workbook-left"
    left.mkdir()
    (left / "result.xlsx").write_bytes(b"half of it")
    return left


def test_a_kept_file_goes_once_its_hour_is_over(kept):
    early = sweep(at=timezone.now() + timedelta(minutes=59))
    late = sweep(at=timezone.now() + timedelta(minutes=61))

    assert (early, late) == ([], [str(kept)])
    assert not kept.exists()


def test_a_folder_of_work_may_take_longer_than_an_hour(folder_of_work):
    early = sweep(at=timezone.now() + timedelta(hours=2))
    late = sweep(at=timezone.now() + timedelta(days=2))

    assert (early, late) == ([], [str(folder_of_work)])
    assert list(waiting_room().iterdir()) == []


# --- While files arrive ----------------------------------------------------------------------------------


@receives_upload
def page(request):
    return HttpResponse(request.FILES["file"].size)


class Program(TakesUpload, APIView):
    authentication_classes = permission_classes = throttle_classes = ()

    def post(self, request):
        return HttpResponse(request.data["file"].size)


def sent(rows, *, encoding="binary"):
    part = (
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    body = part.encode() + rows + b"\r\n--b--\r\n"
    request = RequestFactory().post("/", body, content_type="multipart/form-data; boundary=b")
    request._dont_enforce_csrf_checks = True
    return request


@pytest.fixture
def small_disk():
    """Let no file of this process become larger than 64 KB: the system refuses the next byte."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("door", [page, Program.as_view()])
@pytest.mark.parametrize("size", [65_000, 66_000, 1_000_000])
def test_what_does_not_fit_the_disk_leaves_nothing(door, size, small_disk):
    request = sent(b"x" * size)
    try:
        answer = door(request)
    except OSError as error:
        assert size > 65_000 and error.errno == errno.EFBIG
    else:
        assert size == 65_000 and answer.content == b"65000"
        assert len(list(waiting_room().iterdir())) == 1
        request.close()

    assert list(waiting_room().iterdir()) == []


def test_a_form_that_breaks_off_leaves_nothing():
    with pytest.raises(MultiPartParserError):
        page(sent(b"QQ==" * 9_000 + "Ä".encode(), encoding="base64"))

    assert list(waiting_room().iterdir()) == []
