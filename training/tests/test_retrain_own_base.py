"""The next file of a company's own customers: added to those before, learned from, and compared."""

import csv

import numpy as np
import pytest
from django.urls import reverse

from companies.identity import membership
from core.files.media import media_path
from intake.services.checking import FileRefused
from registry.models import Population
from registry.services.datasets import held_out_beside
from registry.services.deployments import deploy_version
from registry.services.states import mark_damaged
from registry.tests.factories import NOON, PopulationFactory
from training.services.retraining import (
    NOBODY_IS_FOUND_AGAIN,
    NotToBeRetrained,
    UnknownModelType,
    check_upload,
    start_retraining,
)
from training.tests.own import as_file, gym, with_column, without

pytestmark = pytest.mark.django_db


def stored(dataset):
    with media_path(dataset.file_path).open(newline="") as file:
        return list(csv.DictReader(file))


def held_out(dataset, rows):
    bits = np.frombuffer(media_path(held_out_beside(dataset.file_path)).read_bytes(), np.uint8)
    return np.unpackbits(bits, count=rows).astype(bool)


def test_is_added_to_what_came_before_and_compared_with_what_serves(
    first_trained, trained_again, developer, company
):
    first = first_trained(gym())
    deploy_version(version=first.version, company=company, by=developer, reason="The first", at=NOON)
    march = [*gym(1), *gym(200, seed=5, prefix="N")[1:]]
    march[1][3] = "29"

    run = trained_again(first.population, march, model_type="lightgbm")

    assert run.job.state == "SUCCEEDED", run.job.error
    assert run.parent_dataset == first.combined_dataset
    assert {name: run.combination[name] for name in ("kept", "added", "replaced")} == {
        "kept": 399, "added": 200, "replaced": 1,
    }  # fmt: skip
    assert (run.number, run.version.number, run.model_type.slug) == (2, 1, "lightgbm")
    rows = {row["Member no"]: row for row in stored(run.combined_dataset)}
    assert len(rows) == 600 and rows["M-00000"]["Visits"] == "29"
    judged = run.comparison["judged"]
    assert judged["customers"] > 50 and (judged["left_out"], judged["unknown"]) == (0, [])
    assert [version["key"] for version in run.comparison["versions"]] == ["new", "serving"]
    assert {part["feature"] for part in run.comparison["slices"]} == {"Plan", "Newsletter"}
    assert run.comparison["campaign"] is None and run.comparison["versions"][0]["profit"] is None


@pytest.mark.any_database
def test_is_compared_with_the_version_before_where_none_serves(first_trained, trained_again):
    first = first_trained(gym())

    run = trained_again(first.population, gym(200, seed=5, prefix="N"), model_type="decision_tree")

    assert [version["key"] for version in run.comparison["versions"]] == ["new", "before"]
    assert run.comparison["versions"][1]["name"] == "Logistic Regression v1"
    assert "Logistic Regression v1" in run.comparison["sentence"]


def test_where_no_version_before_can_be_used_it_says_which_and_why(
    first_trained, trained_again, as_developer
):
    first = first_trained(gym())
    mark_damaged(version=first.version, reason="Other bytes.", at=NOON)

    run = trained_again(first.population, gym(200, seed=5, prefix="N"), model_type="decision_tree")

    assert run.comparison["not_compared"] == ["Logistic Regression v1"]
    assert run.comparison["sentence"] == "Not compared: Logistic Regression v1 is out of service."
    page = as_developer.get(f"/dev/retrainings/{run.uuid}/").content.decode()
    assert "Logistic Regression v1 is out of service and was not compared with" in page
    assert "no version to compare" not in page and "The comparison rests on" not in page


def test_profit_is_told_where_a_column_says_what_a_customer_is_worth(
    first_trained, trained_again, developer, company, client
):
    first = first_trained(gym(), value_column="Fee")
    deploy_version(version=first.version, company=company, by=developer, reason="The first", at=NOON)

    run = trained_again(first.population, gym(200, seed=5, prefix="N"))

    fees = [float(row["Fee"]) for row in stored(run.combined_dataset)]
    assert run.comparison["campaign"]["value"] == pytest.approx(12 * np.mean(fees), rel=0.2)
    client.force_login(developer)
    assert b"campaign would have earned" in client.get(f"/dev/retrainings/{run.uuid}/").content


def test_the_pages_of_a_run_show_without_profit(first_trained, trained_again, developer, company, client):
    first = first_trained(gym())
    deploy_version(version=first.version, company=company, by=developer, reason="The first", at=NOON)
    second = trained_again(first.population, gym(200, seed=5, prefix="N"))
    client.force_login(developer)

    pages = [client.get(f"/dev/retrainings/{run.uuid}/") for run in (first, second)]
    cards = [client.get(f"/dev/models/{run.version_id}/") for run in (first, second)]

    assert [page.status_code for page in (*pages, *cards)] == [200] * 4
    first_page = pages[0].content.decode()
    assert (
        "the first of these customers" in first_page
        and "Of 100 customers that it named when it was tried" in first_page
    )
    assert "Kept from" not in first_page and "not compared" not in first_page
    assert "campaign would have earned" not in pages[1].content.decode()


@pytest.mark.any_database
def test_the_same_customers_under_new_ids_never_cross(first_trained, trained_again):
    first = first_trained(gym())
    before = held_out(first.combined_dataset, 400)

    run = trained_again(first.population, [gym()[0], *[[f"X{row[0]}", *row[1:]] for row in gym()[1:]]])

    assert run.combination["added"] == 400
    assert run.input_data["accepted"] == 400
    after = held_out(run.combined_dataset, 800)
    assert after[:400].tolist() == after[400:].tolist() == before.tolist()


@pytest.mark.any_database
def test_customers_without_an_id_are_added_and_never_replaced(first_trained, trained_again, as_developer):
    first = first_trained(without(gym(), "Member no"))
    assert stored(first.combined_dataset)[15]["row number"] == "Row 17 of upload 1"

    asked = as_developer.get(f"/dev/retrain/?base={first.population.uuid}").content.decode()
    run = trained_again(first.population, without(gym(200, seed=5), "Member no"))

    assert (run.combination["added"], run.combination["replaced"]) == (200, 0)
    names = [row["row number"] for row in stored(run.combined_dataset)]
    assert len(set(names)) == 600 and names[-1] == "Row 201 of upload 2"
    assert "all of them count as new, also those who are there already" in asked
    assert NOBODY_IS_FOUND_AGAIN in run.input_data["warnings"]
    shown = as_developer.get(f"/dev/retrainings/{run.uuid}/").content.decode()
    assert NOBODY_IS_FOUND_AGAIN in shown and "The figures may look better than they are" in shown
    # Who they are is not known, so nobody can say from whom a version did not learn.
    assert "customers from whom none" not in shown
    run.comparison["pairs"][0]["verdict"] = "better"
    run.save()
    shown = as_developer.get(f"/dev/retrainings/{run.uuid}/").content.decode()
    assert "better, if nobody is in two files" in shown
    assert f'class="btn" href="{reverse("registry:deploy", args=(run.version_id,))}"' in shown


def test_before_a_file_without_ids_is_learned_from_a_way_to_ids_is_offered(
    first_trained, as_developer, developer
):
    first = first_trained(without(gym(), "Member no"))
    table = as_file(without(gym(200, seed=5), "Member no"))
    checked = check_upload(member=membership(developer), upload=table, population=first.population, at=NOON)

    query = {"base": first.population.uuid, "kept": checked.token}
    shown = as_developer.get("/dev/retrain/", query).content.decode()

    assert NOBODY_IS_FOUND_AGAIN in shown
    assert f'href="{reverse("training:new_base")}">make a customer base of that file' in shown
    assert NOBODY_IS_FOUND_AGAIN not in first.input_data["warnings"]


@pytest.mark.any_database
def test_a_date_becomes_its_age_in_its_own_file(first_trained, trained_again):
    january, later = gym(), gym(200, seed=5, prefix="N")
    january[1][2], later[1][2], later[2][2] = "31.12.2025", "28.02.2026", "09.03.2026"
    first = first_trained(january)
    before = {row["Member no"]: row for row in stored(first.combined_dataset)}

    run = trained_again(first.population, later)

    rows = {row["Member no"]: row for row in stored(run.combined_dataset)}
    assert all(rows[who] == row for who, row in before.items())
    assert rows["M-00000"]["Joined"] == rows["N-00000"]["Joined"] == "0"
    # It lies after the day of the upload, so it is no day to count from.
    assert rows["N-00001"]["Joined"] == "-9"
    assert sum(row["Joined"] == "" for row in rows.values()) == sum(
        row[2] == "" for row in (*january, *later)
    )


@pytest.mark.any_database
def test_a_file_without_a_column_is_refused_and_one_with_more_is_not(first_trained, developer):
    base = first_trained(gym()).population
    member = membership(developer)

    with pytest.raises(FileRefused, match="Visits"):
        check_upload(member=member, upload=as_file(without(gym(), "Visits")), population=base, at=NOON)
    wider = with_column(gym(), "Shoe size", lambda row: "41")
    assert check_upload(member=member, upload=as_file(wider), population=base, at=NOON).report.accepted == 400


@pytest.mark.any_database
def test_a_type_that_is_none_is_refused(first_trained, developer, settings):
    base = first_trained(gym()).population

    with pytest.raises(UnknownModelType, match="Choose one of"):
        start_retraining(
            member=membership(developer), upload=as_file(gym()), reason="More", population=base,
            model_type="crystal_ball", at=NOON,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("of", "sentence"),
    [
        ({"archived_at": NOON}, "was archived"),
        ({"kind": Population.Kind.LOG, "schema": {}}, "learns from purchases"),
        ({"company": None}, "has no such customer base"),
    ],
    ids=["archived", "purchases", "of others"],
)
def test_a_base_that_takes_no_table_is_refused_before_the_file_is_read(
    of, sentence, company, other_company, developer, settings
):
    if "company" in of:
        of = {"company": other_company}
    base = PopulationFactory(**{"company": company, "snapshot": True} | of)
    wanted = {"member": membership(developer), "population": base}

    with pytest.raises(NotToBeRetrained, match=sentence):
        check_upload(upload=as_file(gym()), at=NOON, **wanted)
    with pytest.raises(NotToBeRetrained, match=sentence):
        start_retraining(upload=as_file(gym()), reason="More", at=NOON, **wanted)

    assert not list(settings.FILE_UPLOAD_TEMP_DIR.iterdir())


def test_the_telecom_base_keeps_its_pinned_type(retraining, labelled):
    with pytest.raises(UnknownModelType, match="retrained as logistic_regression alone"):
        retraining(labelled(), model_type="lightgbm")
