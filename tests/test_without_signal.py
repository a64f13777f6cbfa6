"""A table of customers that tells nothing of who leaves: said first at every door, and nobody is named."""

import csv
import json
from random import Random

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.urls import reverse
from openpyxl import load_workbook

from companies.identity import membership
from core.files.media import readable_path
from predictions.models import Prediction
from predictions.services.runs import start_prediction
from registry.services.deployments import deploy_version
from registry.tests.factories import NOON
from training.tests.own import begin, first_trained, gym, look, without  # noqa: F401 - fixtures
from training.tests.uploads import to_csv

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SAID = "It is not shown to rank customers better than chance"


def noise():
    """Return members of whom a coin decides who leaves."""
    table, coin = gym(600, seed=3), Random(5)
    return [table[0], *([*row[:-1], coin.choice(["gone", "here", "here"])] for row in table[1:])]


def first_notice(client, address):
    page = client.get(address).content.decode().partition("<main")[2]
    return page.partition("<h2>")[0]


@pytest.mark.filterwarnings("ignore")
def test_a_table_without_signal_names_nobody_at_any_door(
    first_trained,  # noqa: F811
    do_jobs,
    as_developer,
    developer,
    company,
    tmp_path,
    capsys,
):
    run = first_trained(noise())
    version = run.version
    deploy_version(version=version, company=company, by=developer, reason="It is all there is.", at=NOON)
    members = to_csv(without(gym(80, seed=9), "Left"))

    assert version.metrics.additional_metrics["names_nobody"]
    assert SAID in first_notice(as_developer, reverse("training:run", args=[run.uuid]))
    assert SAID in first_notice(as_developer, reverse("registry:version", args=["dev", version.pk]))
    told = json.loads(as_developer.get(f"/api/v1/retrainings/{run.uuid}").content)
    assert told["warning"].startswith(SAID) and told["warning"].endswith("So it names nobody.")

    prediction = start_prediction(
        member=membership(developer),
        name="April",
        version=version,
        upload=ContentFile(members, name="april.csv"),
        at=NOON,
    )
    do_jobs()
    prediction = Prediction.objects.get(pk=prediction.pk)
    page = reverse("predictions:result", args=["dev", prediction.uuid])
    assert SAID in first_notice(as_developer, page)
    assert SAID in as_developer.get(f"{reverse('predictions:new', args=['dev'])}").content.decode()
    answer = json.loads(as_developer.get(f"/api/v1/prediction-runs/{prediction.uuid}").content)
    assert answer["warning"] == told["warning"] and answer["summary"]["churners"] == 0
    sheet = load_workbook(sent(as_developer, prediction, tmp_path)).worksheets[0]
    assert any(str(cell.value).startswith(SAID) for row in sheet.iter_rows(max_row=5) for cell in row)
    with open(readable_path(prediction.result_dataset_path), newline="") as file:
        assert {row["prediction"] for row in csv.DictReader(file)} == {"here"}

    (tmp_path / "may.csv").write_bytes(members)
    call_command(
        "predict", str(tmp_path / "may.csv"), company=company.pk, by=developer.email, model=str(version)
    )
    assert capsys.readouterr().out.startswith(SAID)


def sent(client, prediction, folder):
    answer = client.get(reverse("predictions:download_xlsx", args=["dev", prediction.uuid]))
    path = folder / "april.xlsx"
    path.write_bytes(b"".join(answer.streaming_content))
    return path
