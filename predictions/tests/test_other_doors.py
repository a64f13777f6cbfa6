from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from companies.services.erasure import erase_company
from companies.tests.factories import AccountFactory, UserFactory
from core.files.media import media_path
from core.files.owners import sweep
from intake.services.waiting import waiting_room
from predictions import files
from predictions.models import Prediction
from predictions.tests.factories import PredictionFactory
from registry.tests.own_bases import own_base, own_csv

pytestmark = pytest.mark.django_db


def test_the_command_predicts_a_file(version, user, company, customer_file, tmp_path, capsys):
    source, target = tmp_path / "march.csv", tmp_path / "result.csv"
    source.write_bytes(customer_file)

    call_command("predict", str(source), company=company.pk, model=str(version), out=str(target))

    assert "of 150 customers are named, from a probability of" in capsys.readouterr().out
    assert len(target.read_text().splitlines()) == 151
    assert Prediction.objects.get().user.account == user


def test_the_command_tells_what_became_of_the_rows(version, user, company, customer_file, tmp_path, capsys):
    header, first, *rest = customer_file.decode().splitlines()
    source = tmp_path / "march.csv"
    source.write_text("\n".join([header, "," + first.partition(",")[2], *rest, rest[0]]))

    call_command("predict", str(source), company=company.pk, model=str(version), leave_out_bad_rows=True)

    said = capsys.readouterr().out
    assert "151 rows = 149 used + 1 duplicate + 1 left out." in said
    rejects = Path(said.partition("Left out, each with its reason: ")[2].splitlines()[0])
    assert "belongs to nobody" in rejects.read_text("utf-8-sig")
    for warning in Prediction.objects.get().input_data["warnings"]:
        assert warning in said


def test_the_command_predicts_the_customers_of_a_base(version, user, company, tmp_path, capsys):
    base, champion = own_base(company)
    source = tmp_path / "april.csv"
    source.write_bytes(own_csv(with_outcome=False))

    # Both bases have a model of this name.
    call_command("predict", str(source), company=company.pk, model=str(version), base="Shops")

    prediction = Prediction.objects.get()
    assert (prediction.population, prediction.model) == (base, champion)
    assert str(version) == str(champion)
    with pytest.raises(CommandError, match="customer base Hotels"):
        call_command("predict", str(source), company=company.pk, model=str(version), base="Hotels")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"company": "NOSUCHCOMP"}, "no company"),
        ({"model": "Crystal Ball v1"}, "no such model"),
        ({"by": "stan@hilltop.example.com"}, "approved member"),
    ],
)
def test_the_command_says_what_is_wrong(version, user, stranger, company, tmp_path, changes, sentence):
    source = tmp_path / "march.csv"
    source.write_text("customerID\n1\n")

    with pytest.raises(CommandError, match=sentence):
        call_command("predict", str(source), **{"company": company.pk, "model": str(version.pk), **changes})


def test_the_command_refuses_a_bad_file_with_the_sentence_of_the_page(version, user, company, tmp_path):
    source = tmp_path / "march.csv"
    source.write_text("customerID,tenure\n1,2\n")

    with pytest.raises(CommandError, match="missing"):
        call_command("predict", str(source), company=company.pk, model=str(version.pk))


def test_operators_read_predictions_and_change_none(as_operator):
    prediction = PredictionFactory()
    page = f"/admin/predictions/prediction/{prediction.pk}/change/"

    assert as_operator.get("/admin/predictions/prediction/").status_code == 200
    assert str(prediction.uuid) in as_operator.get(page).content.decode()
    assert as_operator.get("/admin/predictions/prediction/add/").status_code == 403
    assert as_operator.post(page, {"prediction_name": "x"}).status_code == 403


def test_erasing_a_company_takes_its_files(done, user, company, operator, django_capture_on_commit_callbacks):
    prediction = done(user)
    paths = [media_path(prediction.upload_dataset_path), media_path(prediction.result_dataset_path)]

    with django_capture_on_commit_callbacks(execute=True):
        erase_company(company=company, typed=company.name, by=operator, at=timezone.now())

    assert not [path for path in paths if path.exists()]
    assert not Prediction.objects.exists()


def test_the_sweep_takes_orphans_and_leaves_what_rows_name(done, user, company, media_files):
    prediction = done(user)
    named = set(media_files())
    orphan = media_path(files.new_result("user", company.pk))
    orphan.write_text("left by a killed process")
    (waiting_room() / "upload-forgotten").write_text("kept too long")

    early = sweep(at=timezone.now())
    late = sweep(at=timezone.now() + timedelta(days=2))

    assert (len(early), len(late)) == (0, 2)
    assert set(media_files()) == named
    assert prediction.is_done


def test_the_command_knows_the_address_as_the_login_does(version, company, tmp_path, customer_file):
    UserFactory(company=company, account=AccountFactory(email="strauß@harbour.example.com"))
    source = tmp_path / "march.csv"
    source.write_bytes(customer_file)

    call_command(
        "predict", str(source), company=company.pk, model=str(version), by=" Strauß@Harbour.example.com"
    )

    assert Prediction.objects.get().user.account.email == "strauß@harbour.example.com"
