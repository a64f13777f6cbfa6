"""What fails below us is said as what it is: by pages, by the API, by a job that ends."""

import errno
import sqlite3

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone

from core.faults import DatabaseAway, DatabaseBusy, StorageFails, StorageFull, WorkLost, fault_of
from core.models import HealthMark
from sandbox.child import ChildFailed, ChildLost


def of_sqlite(statement, *, before):
    """Return what the driver raises for `statement`, as Django hands it on."""
    driver = sqlite3.connect(":memory:")
    driver.executescript("CREATE TABLE kept (text);" + before)
    try:
        driver.execute(statement)
    except sqlite3.OperationalError as error:
        handed_on = OperationalError(*error.args)
        handed_on.__cause__ = error
        return handed_on
    raise AssertionError("it worked")


def full_file():
    try:
        with open("/dev/full", "w") as file:
            file.write("x")
    except OSError as error:
        return error
    raise AssertionError("it worked")


def raised_by(write):
    """Return what a library raises that writes many numbers to a full disk."""
    try:
        # Opened here: given the path, pyarrow would remove what it could not write.
        with open("/dev/full", "wb") as file:
            write(file, np.arange(100_000))
    except Exception as error:
        return error
    raise AssertionError("it worked")


def write_parquet(file, values):
    pq.write_table(pa.table({"x": values}), file)


def write_workbook(file, values):
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet().write_column(0, 0, values)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (full_file(), StorageFull),
        (OSError(errno.EROFS, "Read-only file system"), StorageFails),
        (raised_by(np.save), StorageFull),
        (raised_by(np.savez), StorageFull),
        (raised_by(write_parquet), StorageFull),
        (raised_by(write_workbook), StorageFull),
        (duckdb.IOException('Could not write file "a.csv": No space left on device'), StorageFull),
        (duckdb.OutOfMemoryException("failed to offload data block of size 256.0 KiB"), StorageFull),
        (
            of_sqlite("INSERT INTO kept VALUES (zeroblob(100000))", before="PRAGMA max_page_count = 2"),
            StorageFull,
        ),
        (of_sqlite("INSERT INTO kept VALUES (1)", before="PRAGMA query_only = ON"), StorageFails),
        (OperationalError(1205, "Lock wait timeout exceeded"), DatabaseBusy),
        (OperationalError(1114, "The table 'jobs' is full"), StorageFull),
        (OperationalError(1290, "running with the --read-only option"), StorageFails),
        (OperationalError(2002, "Can't connect"), DatabaseAway),
    ],
)
def test_knows_what_failed(error, kind):
    fault = fault_of(error)

    assert type(fault) is kind
    assert fault.http_status == (507 if kind is StorageFull else 503)


def test_knows_what_an_error_came_from():
    error = RuntimeError("The table could not be written.")
    error.__cause__ = full_file()

    assert isinstance(fault_of(error), StorageFull)


@pytest.mark.parametrize(
    "error",
    [None, KeyError("x"), FileNotFoundError(errno.ENOENT, "gone"), OperationalError("no such table: x")],
)
def test_takes_no_mistake_of_ours_for_a_fault(error):
    assert fault_of(error) is None


def test_reads_it_in_what_a_child_printed():
    failed = ChildFailed("OSError: [Errno 28] No space left on device: 'rows'")

    assert isinstance(fault_of(failed), StorageFull)
    assert fault_of(ChildFailed("ValueError: no")) is None
    assert isinstance(fault_of(ChildLost("killed")), WorkLost)


# --- Pages and programs ----------------------------------------------------------------------------------


def full(request):
    with open("/dev/full", "w") as file:
        file.write("x")


def broken(request):
    raise KeyError("x")


def writes(request):
    HealthMark.objects.update_or_create(pk=1, defaults={"written_at": timezone.now()})
    return HttpResponse()


def remembers(request):
    request.session["latest"] = request.GET["latest"]
    return HttpResponse()


handler400, handler429, handler500 = (
    f"core.fallbacks.{name}" for name in ("bad_request", "too_many", "server_error")
)
urlpatterns = [
    *(
        path(f"{prefix}tried/{view.__name__}", view)
        for prefix in ("", "api/")
        for view in (full, broken, writes, remembers)
    ),
    path("", include("churnbuster.urls")),
]


@pytest.fixture
def visitor(settings):
    settings.ROOT_URLCONF = __name__
    # As a server answers: without it, the error itself would come back.
    return Client(raise_request_exception=False)


@pytest.mark.django_db
def test_a_page_says_that_the_disk_is_full(visitor):
    answer = visitor.get("/tried/full")

    assert answer.status_code == 507
    assert "The disk of this installation is full." in answer.content.decode()
    assert "<h1>" in answer.content.decode()


@pytest.mark.django_db
def test_a_fragment_says_it_in_its_place(visitor):
    answer = visitor.get("/tried/full", headers={"hx-request": "true"})

    assert answer.status_code == 507
    assert "<html" not in answer.content.decode()


@pytest.mark.django_db
def test_the_api_says_it_to_programs(visitor):
    answer = visitor.get("/api/tried/full")

    assert answer.status_code == 507
    assert answer.json()["code"] == "storage-full"


@pytest.mark.django_db
def test_the_api_answers_an_error_of_ours_in_json_and_quotes_nothing(visitor):
    answer = visitor.get("/api/tried/broken")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "KeyError" not in answer.content.decode()
    assert visitor.get("/tried/broken").status_code == 500


@pytest.mark.any_database
@pytest.mark.django_db(transaction=True)
def test_a_database_that_can_only_be_read_is_said(visitor, on_mariadb):
    if on_mariadb:
        pytest.skip("a statement of SQLite")
    visitor.get("/tried/remembers?latest=1")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
    try:
        page, program = visitor.get("/tried/writes"), visitor.get("/api/tried/writes")
        session = visitor.get("/tried/remembers?latest=2")
        # A limit of which nothing can be counted is not one that was reached.
        joining = Client(raise_request_exception=False).post("/user/join/", {})
    finally:
        connection.close()

    assert page.status_code == program.status_code == session.status_code == joining.status_code == 503
    assert "cannot be written to" in page.content.decode()
    assert program.json()["code"] == "storage-fails"
