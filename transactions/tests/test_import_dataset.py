"""`manage.py import_dataset`: a log of any size, as a member would import it on the page."""

import re

import pytest
from django.core.management import CommandError, call_command

from transactions.models import AnalysisSession
from transactions.tests.logs import lines_of_log

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "large.csv"
    path.write_text("\n".join(lines_of_log(customers=20, with_faults=True)))
    return path


def test_imports_what_is_beyond_the_limit_of_uploads(path, company, developer, settings, capsys):
    settings.UPLOAD_MAX_MB = 0.001

    call_command("import_dataset", str(path), company=company.pk, name="All of 2024")

    analysis = AnalysisSession.objects.get()
    assert (str(analysis), analysis.account, analysis.state) == ("All of 2024", developer, "READY")
    said = capsys.readouterr().out
    assert "2 left out; 20 customers." in said and "Customer: customer" in said
    assert str(analysis.pk) in said


def test_imports_visits_and_says_that_there_is_no_money_in_them(tmp_path, company, developer, capsys):
    path = tmp_path / "door.csv"
    path.write_text("\n".join(",".join(line.split(",")[:2]) for line in lines_of_log(customers=20)))

    call_command("import_dataset", str(path), company=company.pk)

    said = capsys.readouterr().out
    assert "each row counts as a visit and nothing is said about money" in said and "Amount" not in said
    assert AnalysisSession.objects.get().is_of_visits


def test_asks_about_amounts_that_cannot_be_read(tmp_path, company, developer, capsys):
    path = tmp_path / "door.csv"
    log = "\n".join(lines_of_log(customers=20)).replace(",paid,", ",amount,")
    path.write_text(re.sub(r"(\.[0-9]{2}),", r"\1 CR,", log))

    with pytest.raises(CommandError, match=r"holds texts .*so it cannot be the amount"):
        call_command("import_dataset", str(path), company=company.pk)
    call_command("import_dataset", str(path), company=company.pk, column=["amount="])

    assert "each row counts as a visit" in capsys.readouterr().out


def test_says_what_it_cannot_do(path, company, developer):
    with pytest.raises(CommandError, match="no column"):
        call_command("import_dataset", str(path), company=company.pk, column=["amount=price"])
    with pytest.raises(CommandError, match="ROLE=COLUMN"):
        call_command("import_dataset", str(path), company=company.pk, column=["price"])
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_dataset", str(path) + "x", company=company.pk)
    with pytest.raises(CommandError, match="no company"):
        call_command("import_dataset", str(path), company="NOBODY")
