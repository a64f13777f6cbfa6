"""A workbook with several tables is asked about at every door where a model learns from customers."""

import io

import pytest
import xlsxwriter
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from training.models import TrainingRun
from training.tests.own import gym
from training.tests.test_own_pages import NEW, send, words

pytestmark = pytest.mark.django_db


def two_sheets(**options):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for name, rows in (("May", gym(rows=60, seed=4)), ("June", gym(**options))):
            page = book.add_worksheet(name)
            for number, cells in enumerate(rows):
                page.write_row(number, 0, cells)
    return file.getvalue()


def test_the_page_of_a_new_base_goes_on_with_the_sheet_that_is_chosen(as_developer, model_types):
    refused = send(as_developer, two_sheets())
    assert refused.status_code == 422
    assert "Which sheet is meant? May June Read this sheet" in words(refused)

    answer = as_developer.post(NEW, {"kept": refused.context["refusal"].kept, "sheet": "June"})

    seen = as_developer.get(answer.url).context["seen"]
    assert (seen.preview.table.sheet, seen.preview.rows_in_file) == ("June", 400)


def test_programs_and_commands_name_it(as_developer, developer, company, first_trained, do_jobs, tmp_path):
    base = first_trained(gym()).population
    upload = ContentFile(two_sheets(rows=200, seed=5), name="months.xlsx")
    sent = {"file": upload, "reason": "June", "base": str(base.uuid)}
    refused = as_developer.post("/api/v1/retrainings", sent)
    assert (refused.status_code, refused.json()["sheets"]) == (422, ["May", "June"])
    upload.seek(0)
    read = as_developer.post("/api/v1/retrainings", {**sent, "sheet": "June"}).json()["rows_read"]
    assert (read["sheet"], read["accepted"]) == ("June", 200)
    do_jobs()

    path = tmp_path / "months.xlsx"
    path.write_bytes(two_sheets(rows=150, seed=6))
    said = {"company": company.pk, "reason": "June", "base": str(base.uuid)}
    with pytest.raises(CommandError, match="Say which one is read"):
        call_command("retrain", str(path), **said)
    call_command("retrain", str(path), **said, sheet="June")
    spec = TrainingRun.objects.order_by("-pk").first().input_data["spec"]
    assert (spec["sheet"], spec["rows"]) == ("June", 150)
