"""A company's own table, month by month: trained, deployed, predicted, trained anew, and watched."""

import csv
import io

import pytest
import xlsxwriter
from django.core.files.base import ContentFile

from companies.identity import membership
from core.files.media import readable_path
from predictions.models import Prediction
from predictions.presenting.summary import Findings
from predictions.selectors import open_table
from predictions.services.runs import start_prediction
from registry.models import ShadowRun
from registry.services.deployments import deploy_version
from registry.services.opening import load_manifest
from registry.tests.factories import NOON
from tabular.snapshots.plan import suggest
from tabular.values.moments import read_moment
from training.models import TrainingRun
from training.services.own_tables import look_at_table, start_first_training
from training.tests.own import gym, without
from training.tests.uploads import to_csv

pytestmark = pytest.mark.django_db


@pytest.fixture
def deploy(company, developer):
    """Return a function that deploys a version in a role."""

    def as_role(version, role):
        return deploy_version(
            version=version, company=company, role=role, by=developer, reason="It is better.", at=NOON
        )

    return as_role


@pytest.fixture
def predicted(user, do_jobs):
    """Return a function that predicts a table to its end."""

    def finish(table, version):
        upload = ContentFile(to_csv(table), name="april.csv")
        run = start_prediction(member=membership(user), name="April", version=version, upload=upload, at=NOON)
        do_jobs()
        return Prediction.objects.with_people().get(pk=run.pk)

    return finish


def test_members_whom_the_model_learned_from_are_counted_apart(first_trained, deploy, predicted):
    table, newcomers = gym(), gym(120, seed=9, prefix="A")[1:]
    version = first_trained(table).version
    deploy(version, "CHAMPION")

    found = predicted([*table, *newcomers], version).result

    split = load_manifest(version, at=NOON)["split"]
    assert found["untouched"]["learned_from"] == split["train_rows"]
    assert found["untouched"]["realised"]["everybody"]["customers"] == split["test_rows"] + 120
    assert found["realised"]["everybody"]["customers"] == 520


def test_each_month_is_predicted_and_the_next_model_watched(first_trained, trained_again, deploy, predicted):
    champion = first_trained(gym(), value_column="Fee").version
    deploy(champion, "CHAMPION")
    challenger = trained_again(
        champion.population, gym(200, seed=5, prefix="N"), model_type="lightgbm"
    ).version
    deploy(challenger, "CHALLENGER")

    april = predicted(without(gym(150, seed=9, prefix="A"), "Left"), champion)
    may = predicted(gym(150, seed=11, prefix="B"), champion)

    assert [run.failure for run in ShadowRun.objects.all()] == ["", ""]
    assert {run.customers for run in ShadowRun.objects.all()} == {150}
    assert april.result["realised"] is None
    assert Findings(may).outcomes.known == 150
    assert "Fee of those" in Findings(april).revenue_sentence
    assert len(open_table(april)) == 150


def as_workbook(table, name="gym.xlsx"):
    """Return the members as a workbook with real numbers and dates."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet, dated = book.add_worksheet(), book.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_row(0, 0, table[0])
        for number, row in enumerate(table[1:], 1):
            for place, (column, cell) in enumerate(zip(table[0], row, strict=True)):
                if column == "Joined" and cell:
                    sheet.write_datetime(number, place, read_moment(cell, "DMY"), dated)
                elif column in ("Visits", "Fee") and cell:
                    sheet.write_number(number, place, float(cell.replace(",", ".")))
                else:
                    sheet.write_string(number, place, cell)
    return ContentFile(file.getvalue(), name=name)


def chances(run):
    with readable_path(run.result_dataset_path).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    # Each result is written as its file is.
    return [(row["Member no"], float(row["churn_probability"].replace(",", "."))) for row in rows]


@pytest.mark.any_database
def test_a_base_from_a_workbook_scores_a_german_csv_as_the_same_workbook(
    developer, user, deploy, do_jobs, model_types
):
    seen = look_at_table(member=membership(developer), upload=as_workbook(gym()))
    training = start_first_training(
        member=membership(developer),
        token=seen.token,
        base_name="Members",
        choices=suggest(seen.inferred),
        model_type="logistic_regression",
        at=NOON,
    )
    do_jobs()
    version = TrainingRun.objects.with_related().get(pk=training.pk).version
    deploy(version, "CHAMPION")
    month = without(gym(150, seed=9, prefix="A"), "Left")

    uploads = as_workbook(month), ContentFile(to_csv(month), name="april.csv")
    runs = [
        start_prediction(member=membership(user), name="April", version=version, upload=upload, at=NOON)
        for upload in uploads
    ]
    do_jobs()

    of_workbook, of_csv = (Prediction.objects.get(pk=run.pk) for run in runs)
    assert len(chances(of_csv)) == 150
    assert chances(of_csv) == chances(of_workbook)
    assert "Column Joined: dates are written as day, month, year here" in str(of_csv.input_data)
