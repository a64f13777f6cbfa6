"""`manage.py import_dataset`: a log of any size, as a member would import it on the page."""

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


def test_says_what_it_cannot_do(path, company, developer):
    with pytest.raises(CommandError, match="no column"):
        call_command("import_dataset", str(path), company=company.pk, column=["amount=price"])
    with pytest.raises(CommandError, match="ROLE=COLUMN"):
        call_command("import_dataset", str(path), company=company.pk, column=["price"])
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_dataset", str(path) + "x", company=company.pk)
    with pytest.raises(CommandError, match="no company"):
        call_command("import_dataset", str(path), company="NOBODY")
