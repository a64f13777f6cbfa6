"""A log that leaves open how it is read is asked about at every door, and read again as that was said."""

import io

import pytest
import xlsxwriter
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from core.files.store import local_copy
from core.files.stored import DATASETS
from intake.services.checking import FileRefused
from tabular.logs.event_spec import EventSpec
from tabular.logs.events import import_events
from transactions.models import AnalysisSession
from transactions.services.renewal import start_newer_log
from transactions.services.uploads import start_analysis
from transactions.tests.logs import lines_of_log, read_here

pytestmark = pytest.mark.django_db


def in_chinese(**options):
    lines = lines_of_log(**options)
    named = [lines[0], *(line.replace("C0", "王伟0", 1) for line in lines[1:])]
    return "\n".join(named).encode("gb18030")


def two_sheets():
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for name, customers in (("Shop", 20), ("Web", 30)):
            page = book.add_worksheet(name)
            for number, line in enumerate(lines_of_log(customers=customers)):
                page.write_row(number, 0, line.split(","))
    return file.getvalue()


def go_on(client, refused, **said):
    again = {name: value or "" for name, value in refused.context["again"].items()}
    form = {**again, "kept": refused.context["refusal"].kept, **said}
    return client.post(reverse("transactions:new", args=("user",)), form)


def test_the_page_asks_for_letters_and_reads_every_row_so(as_user, tmp_path):
    new = reverse("transactions:new", args=("user",))
    refused = as_user.post(new, {"file": SimpleUploadedFile("log.csv", in_chinese()), "name": "May"})

    assert refused.status_code == 422
    assert "In which encoding do the names look right?" in refused.content.decode()
    assert go_on(as_user, refused, encoding="gb18030").status_code == 302
    analysis = AnalysisSession.objects.get()
    assert (str(analysis), analysis.preview["table"]["encoding"]) == ("May", "gb18030")
    assert analysis.preview["rows"][0]["texts"][0] == "王伟000"
    columns = as_user.get(reverse("transactions:columns", args=("user", analysis.pk)))
    assert "<dt>Encoding</dt><dd>Chinese, simplified (GBK)</dd>" in columns.content.decode()
    # The worker has the file alone, without the copy of the preview.
    read_here(analysis)
    assert analysis.import_report["rejected"] == 0


def test_the_page_asks_which_sheet(as_user):
    new = reverse("transactions:new", args=("user",))
    refused = as_user.post(new, {"file": SimpleUploadedFile("log.xlsx", two_sheets())})

    assert go_on(as_user, refused, sheet="Web").status_code == 302
    analysis = read_here(AnalysisSession.objects.get())
    assert analysis.preview["table"]["sheet"] == "Web"
    assert analysis.import_report["customers"] == 30


@pytest.mark.parametrize("path", ["/api/v1/upload", "/api/v1/churn/v2/organizations/{org}/upload-dataset"])
def test_a_program_names_the_sheet_or_the_letters(path, as_developer, company):
    def send(content, **more):
        upload = SimpleUploadedFile("log.xlsx", content)
        return as_developer.post(path.format(org=company.pk), {"file": upload, **more})

    assert send(two_sheets()).json()["sheets"] == ["Shop", "Web"]
    assert send(two_sheets(), sheet="Shop").json()["rows_read"]["sheet"] == "Shop"
    assert "gb18030" in [one["encoding"] for one in send(in_chinese()).json()["letters"]]
    assert send(in_chinese(), encoding="gb18030").json()["rows_read"]["encoding"] == "gb18030"


def test_the_command_names_the_letters(company, user, tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(in_chinese())

    call_command("import_dataset", str(path), company=company.pk, encoding="gb18030")

    assert AnalysisSession.objects.get().import_report["rejected"] == 0


def test_a_newer_export_is_read_as_was_said_of_the_earlier_one(member):
    first = ContentFile(in_chinese(days=200), name="may.csv")
    earlier = read_here(start_analysis(member=member, upload=first, encoding="gb18030", at=timezone.now()))

    newer = start_newer_log(
        member=member,
        earlier=earlier,
        upload=ContentFile(in_chinese(days=300), name="june.csv"),
        at=timezone.now(),
    )

    assert newer.preview["table"]["encoding"] == "gb18030"
    with pytest.raises(FileRefused):
        start_analysis(member=member, upload=ContentFile(in_chinese(), name="x.csv"), at=timezone.now())
    with local_copy(DATASETS, newer.dataset.file_path) as source:
        spec = EventSpec.from_dict(newer.parse_spec)
        made = {"events_path": f"{source}.events", "rejects_path": f"{source}.rejects"}
        assert import_events(source, spec, **made, now=timezone.now()).rejected == 0
