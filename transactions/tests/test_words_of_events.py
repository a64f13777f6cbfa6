"""What the words of a status mean is shown, can be changed at every door, and holds for later files."""

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from transactions.models import AnalysisSession
from transactions.services.importing import start_import
from transactions.services.renewal import start_newer_log
from transactions.services.uploads import start_analysis

pytestmark = pytest.mark.django_db

WORDS = ("Completed", "Refunded", "on hold")
MAPPING = {"customer_id": "email", "event_at": "date", "amount": "total", "event_type": "status"}


def orders(*, days=28):
    rows = [
        f"k{n % 12}@example.com,2025-0{1 + n % 3}-{1 + n % days:02d},{WORDS[n % 3]},{n}.50" for n in range(90)
    ]
    return ContentFile("\n".join(["email,date,status,total", *rows]).encode(), name="orders.csv")


@pytest.fixture
def uploaded(member):
    return start_analysis(member=member, upload=orders(), at=timezone.now())


def meanings(analysis):
    analysis.refresh_from_db()
    return analysis.parse_spec["meanings"]


def test_the_page_says_what_each_word_became_and_takes_another_meaning(as_user, uploaded):
    address = reverse("transactions:columns", args=("user", uploaded.pk))
    page = as_user.get(address)

    assert "What do the words of <code>status</code> mean?" in page.content.decode()
    fields = {field.label: field for field in page.context["form"].words}
    assert {word: field.value() for word, field in fields.items()} == {
        "Completed": "purchase", "Refunded": "return", "on hold": "neither",
    }  # fmt: skip
    sent = {field.name: field.value() for field in fields.values()}
    answer = as_user.post(address, MAPPING | sent | {fields["on hold"].name: "purchase"})

    assert answer.status_code == 302
    assert meanings(uploaded) == {"completed": "purchase", "refunded": "return", "on hold": "purchase"}


def test_a_program_and_a_command_say_it(as_user, uploaded, company, tmp_path, do_jobs):
    mapping = {**MAPPING, "date": MAPPING["event_at"]}
    del mapping["event_at"]
    body = {"upload_id": str(uploaded.pk), "column_mapping": mapping, "churn_threshold_days": 60}
    bad = as_user.post(
        "/api/v1/configure", body | {"event_types": {"on hold": "maybe"}}, content_type="application/json"
    )
    assert bad.status_code == 400
    good = as_user.post(
        "/api/v1/configure", body | {"event_types": {"on hold": "return"}}, content_type="application/json"
    )
    assert good.json()["rows_read"]["accepted"] == 90
    uploaded.refresh_from_db()
    assert uploaded.import_report["event_types"] == {"return": 60, "purchase": 30}

    path = tmp_path / "orders.csv"
    path.write_bytes(orders().read())
    with pytest.raises(CommandError, match="WORD=MEANING"):
        call_command("import_dataset", str(path), company=company.pk, event_type=["on hold"])
    call_command("import_dataset", str(path), company=company.pk, event_type=["on hold=purchase"])
    latest = AnalysisSession.objects.order_by("-created_at").first()
    assert latest.import_report["event_types"] == {"purchase": 60, "return": 30}


def test_a_newer_export_is_read_with_the_same_meanings(member, uploaded):
    start_import(analysis=uploaded, mapping=MAPPING, meanings={"On hold": "purchase"}, at=timezone.now())
    AnalysisSession.objects.filter(pk=uploaded.pk).update(
        state="READY", import_report={"last_at": "2025-03-01T00:00:00"}
    )
    uploaded.refresh_from_db()

    newer = start_newer_log(
        member=member,
        earlier=uploaded,
        upload=ContentFile(
            orders().read() + b"\nk1@example.com,2025-06-01,Completed,5.50\n", name="june.csv"
        ),
        at=timezone.now(),
    )

    assert meanings(newer) == {"on hold": "purchase"}
