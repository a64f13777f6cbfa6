"""A file that leaves open how it is read is asked about at every door where it is predicted from."""

import csv
import io

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from predictions.models import Prediction

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_months(customers):
    """Return a workbook with customers on two sheets, other ones on each."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for name, rows in (("May", customers[1:61]), ("June", customers[61:])):
            page = book.add_worksheet(name)
            for number, cells in enumerate([customers[0], *rows]):
                page.write_row(number, 0, cells)
    return file.getvalue()


@pytest.fixture
def chinese(customers):
    text = io.StringIO()
    named = [[f"王伟{n}", *row[1:]] for n, row in enumerate(customers[1:])]
    csv.writer(text).writerows([customers[0], *named])
    return text.getvalue().encode("gb18030")


def test_the_page_asks_which_sheet_and_goes_on_with_the_one_that_is_chosen(as_user, send, two_months):
    refused = send(as_user, two_months, filename="months.xlsx")

    assert refused.status_code == 422
    text = refused.content.decode()
    assert "2 sheets that may be meant: &#x27;May&#x27;, &#x27;June&#x27;. Say which one is read." in text
    assert "Which sheet is meant?" in text
    refusal = refused.context["refusal"]
    again = {name: value or "" for name, value in refused.context["again"].items()}
    form = {"kept": refusal.kept, "sheet": "June", **again}
    answer = as_user.post(reverse("predictions:new", args=("user",)), form)

    assert answer.status_code == 302
    read = Prediction.objects.get().input_data
    assert (read["spec"]["sheet"], read["accepted"]) == ("June", 90)


def test_a_program_names_the_sheet_or_the_letters(as_user, version, two_months, chinese):
    def send(content, **more):
        upload = SimpleUploadedFile("file.xlsx", content)
        sent = {"file": upload, "name": "May", "model": version.pk, **more}
        return as_user.post("/api/v1/prediction-runs", sent)

    refused = send(two_months)
    assert refused.status_code == 422
    assert refused.json()["code"] == "several_sheets"
    assert refused.json()["sheets"] == ["May", "June"]
    read = send(two_months, sheet="May").json()["rows_read"]
    assert (read["sheet"], read["accepted"]) == ("May", 60)
    assert send(two_months, sheet="July").json()["code"] == "missing_sheet"
    read = send(chinese, encoding="gb18030").json()["rows_read"]
    assert (read["encoding"], read["accepted"]) == ("gb18030", 150)


def test_the_command_names_the_sheet(version, user, company, two_months, tmp_path):
    source = tmp_path / "months.xlsx"
    source.write_bytes(two_months)

    with pytest.raises(CommandError, match=r"Say which one is read\. Name it with --sheet"):
        call_command("predict", str(source), company=company.pk, model=str(version))
    call_command("predict", str(source), company=company.pk, model=str(version), sheet="May")

    assert Prediction.objects.get().input_data["spec"]["sheet"] == "May"
