from datetime import timedelta

import pytest
from django.utils import timezone

from core.files.owners import sweep
from intake.services.waiting import waiting_room


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
