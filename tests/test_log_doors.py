"""Scoring a purchase log and its next export by page, API and command: once, by whom, and what is said."""

import re
import uuid
from urllib.parse import parse_qs, urlencode

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from companies.identity import membership
from core.files.media import readable_path
from predictions import files
from predictions.models import Prediction
from predictions.services.logs import start_log_prediction
from predictions.services.renewing import start_newer_prediction
from predictions.services.runs import NameMissing, VersionNotOffered
from registry.models import ModelDeployment
from registry.services.deployments import deploy_version
from registry.tests.factories import ModelVersionFactory
from tests.coffee_shop import LATER, NOON, SPRING, csv_of, finish, log_of, until, written
from transactions.models import AnalysisSession

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

RUNS = "/api/v1/prediction-runs"


@pytest.fixture
def whole(year):
    """The export of later, with everything so far."""
    return written(until(year, LATER))


def door(name, analysis, portal="dev"):
    return reverse(f"predictions:{name}", args=(portal, analysis.pk))


def sent(content, **fields):
    return {"file": SimpleUploadedFile("next.csv", content), **fields}


# --- Once ------------------------------------------------------------------------------------------------


def test_a_button_that_is_pressed_twice_scores_once(as_developer, learned):
    token = {"token": str(uuid.uuid4())}

    first, second = (as_developer.post(door("score_log", learned), token) for _ in range(2))

    run = Prediction.objects.get()
    assert first["Location"] == second["Location"] == reverse("predictions:result", args=("dev", run.uuid))


def test_pressed_again_later_it_scores_again(as_developer, learned):
    page = as_developer.get(f"/dev/logs/{learned.pk}/").content.decode()

    for _ in range(2):
        as_developer.post(door("score_log", learned), {"token": str(uuid.uuid4())})

    assert 'name="token"' in page
    assert Prediction.objects.count() == 2


def test_a_newer_export_that_is_sent_twice_is_read_once(as_developer, learned, whole):
    token = str(uuid.uuid4())

    first, second = (
        as_developer.post(door("newer_log", learned), sent(whole, token=token)) for _ in range(2)
    )

    assert first["Location"] == second["Location"]
    assert (Prediction.objects.count(), AnalysisSession.objects.count()) == (1, 2)


def test_two_members_may_choose_the_same_word(member, user, learned):
    first, second = (
        start_log_prediction(member=who, analysis=learned, idempotency_key="march", at=NOON)
        for who in (member, membership(user))
    )

    assert first != second and second.account == user


def test_what_was_refused_may_be_sent_again_under_the_same_key(member, learned, whole):
    wanted = {"member": member, "earlier": learned, "idempotency_key": "march", "at": NOON}
    with pytest.raises(Exception, match="The file lacks"):
        start_newer_prediction(upload=ContentFile(b"who,when,what\n1,2024-01-01,3\n", name="x.csv"), **wanted)

    run = start_newer_prediction(upload=ContentFile(whole, name="next.csv"), **wanted)

    assert run.input_data["analysis"] == str(AnalysisSession.objects.exclude(pk=learned.pk).get().pk)


def test_the_same_file_again_leads_to_its_result(as_developer, learned, year, do_jobs):
    as_developer.post(door("score_log", learned))
    finish(do_jobs)

    answer = as_developer.post(door("newer_log", learned), sent(written(until(year, SPRING))))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert reverse("predictions:result", args=("dev", Prediction.objects.get().uuid)) in page
    assert "See its result" in page and 'type="file"' in page


def test_a_table_of_customers_is_led_to_where_it_belongs(as_developer, learned):
    lines = [f"K{n},{n % 40},{n}.5,{'Yes' if n % 3 else 'No'}" for n in range(60)]
    table = "\n".join(["customerID,tenure,MonthlyCharges,Churn", *lines]).encode()

    page = as_developer.post(door("newer_log", learned), sent(table)).content.decode()

    assert "this is a table of customers" in page and "add it as a new log" not in page
    assert reverse("predictions:new", args=("dev",)) in page
    assert AnalysisSession.objects.count() == 1

    new_log = reverse("transactions:new", args=("dev",))
    asked = as_developer.post(new_log, sent(table, base=learned.population.uuid), follow=True)

    assert "This looks like a table of customers" in asked.content.decode()


# --- By whom, and what for -------------------------------------------------------------------------------


def test_users_score_a_log_and_add_to_it(as_user, user, learned, whole, do_jobs):
    as_user.post(door("score_log", learned, "user"))
    finish(do_jobs)

    answer = as_user.post(door("newer_log", learned, "user"), sent(whole))
    finish(do_jobs)

    run = Prediction.objects.order_by("-pk").first()
    assert answer["Location"] == reverse("predictions:result", args=("user", run.uuid))
    assert run.account == user
    page = as_user.get(answer["Location"]).content.decode()
    assert "new on the list since 15 September 2024" in page
    changes = as_user.get(reverse("predictions:download_changes", args=("user", run.uuid)))
    assert b"".join(changes.streaming_content).startswith(b'"customer_id","change"')
    kinds = run.result["changes"]["scored"]
    for kind in ("new", "bought since"):
        words = urlencode({"change": kind})
        assert kinds[kind] and f'href="?{words}#customers"' in page
        shown = as_user.get(f"{answer['Location']}?{words}")
        assert shown.context["page"].paginator.count == kinds[kind]
        assert {row["change"] for row in shown.context["rows"]} == {kind}
    assert set(shown.context["change_names"]) == {kind for kind, count in kinds.items() if count}
    links = re.findall(r'href="\?([^"#]*)#customers">(?:show the )?([\d,]+)', page)
    assert {kinds[parse_qs(words)["change"][0]] for words, _ in links} == {
        int(count.replace(",", "")) for _, count in links
    }
    picked = as_user.get(
        reverse("predictions:download_customers", args=("user", run.uuid)), {"change": "new"}
    )
    assert len(b"".join(picked.streaming_content).splitlines()) == kinds["new"] + 1


def test_the_log_of_another_company_and_none_answer_alike(as_stranger, learned, whole):
    for analysis in (learned.pk, uuid.UUID(int=1)):
        for name, form in (("score_log", {}), ("newer_log", sent(whole))):
            address = reverse(f"predictions:{name}", args=("dev", analysis))
            assert as_stranger.post(address, form).status_code == 404, name
        for form in ({"log": analysis}, sent(whole, log=analysis)):
            assert as_stranger.post(RUNS, form).status_code == 404, form

    assert not Prediction.objects.exists()


def test_a_name_that_is_too_long_is_refused_as_for_a_file(member, learned):
    with pytest.raises(NameMissing, match="255"):
        start_log_prediction(member=member, analysis=learned, name="x" * 256, at=NOON)


def test_a_version_of_other_customers_is_refused(member, learned):
    with pytest.raises(VersionNotOffered):
        start_log_prediction(
            member=member, analysis=learned, version=ModelVersionFactory(company=member.company), at=NOON
        )


def test_missing_columns_are_said_in_place(as_developer, learned):
    answer = as_developer.post(
        door("newer_log", learned), sent(b"who,when,what\n1,2024-01-01,3\n"), headers={"HX-Request": "true"}
    )

    assert answer.status_code == 422 and b"<html" not in answer.content
    assert "The file lacks" in answer.content.decode()
    assert AnalysisSession.objects.get() == learned


def test_a_row_that_is_no_date_is_found_where_it_stands(as_developer, learned, whole, do_jobs):
    faulty = whole + b"C1,someday,purchase,5.00\n"

    answer = as_developer.post(door("newer_log", learned), sent(faulty))
    finish(do_jobs)

    assert answer.status_code == 302
    assert log_of(Prediction.objects.get()).import_report["rejected"] == 1


# --- By a program ----------------------------------------------------------------------------------------


def test_a_file_of_customers_is_not_scored_by_a_model_of_purchases(as_user, learned):
    model = learned.company.versions.get(population=learned.population)

    answer = as_user.post(RUNS, sent(b"customer,plan\n1,Basic\n", name="March", model=model.pk))

    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-model")
    assert answer.json()["message"].startswith(f"{model} learned from purchases")


@pytest.mark.parametrize("role", [None, ModelDeployment.Role.CHALLENGER])
def test_a_model_that_is_not_offered_scores_no_log_at_any_door(as_user, user, register, learned, role):
    model = register(learned, model_type="random_forest")
    if role:
        deploy_version(
            version=model, company=model.company, role=role, by=None, reason="To watch it.", at=NOON
        )

    answer = as_user.post(RUNS, {"log": learned.pk, "model": model.pk})

    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-model")
    with pytest.raises(VersionNotOffered, match="offered for these purchases"):
        start_log_prediction(member=membership(user), analysis=learned, version=model, at=NOON)
    assert not Prediction.objects.exists()


def test_a_program_scores_a_log_and_its_next_export(as_user, learned, whole, do_jobs):
    first = as_user.post(RUNS, {"log": learned.pk, "name": "September"}, headers={"Idempotency-Key": "a"})
    again = as_user.post(RUNS, {"log": learned.pk}, headers={"Idempotency-Key": "a"})
    finish(do_jobs)
    second = as_user.post(RUNS, sent(whole, log=learned.pk))
    finish(do_jobs)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    run = as_user.get(first.json()["id"].join((f"{RUNS}/", ""))).json()
    assert (run["name"], run["state"]) == ("September", "SUCCEEDED")
    assert run["summary"]["rows"] == run["read"]["accepted"]
    rows = run["rows_read"]
    assert rows["rows_in"] == rows["accepted"] + rows["duplicates"] + rows["rejected"]
    assert rows["accepted"] > run["read"]["accepted"]  # purchases, not customers
    refused = as_user.get(f"{RUNS}/{run['id']}/left-out.csv").json()
    assert refused["code"] == "no-rows-left-out" and "purchase log" in refused["message"]
    newer = as_user.get(f"{RUNS}/{second.json()['id']}").json()
    assert newer["summary"]["changes"]["since"].startswith(SPRING)
    listed = as_user.get(f"{RUNS}/{newer['id']}/rows", {"change": "new", "limit": 1000}).json()
    assert listed["count"] == newer["summary"]["changes"]["kinds"]["new"]
    assert {row["change"] for row in listed["results"]} == {"new"}
    assert "_change" not in listed["results"][0]["features"]
    for name in ("lapsed", "changes"):
        beside = as_user.get(f"{RUNS}/{newer['id']}/{name}.csv")
        assert b"".join(beside.streaming_content).startswith(b'"customer_id"')
    none = as_user.get(f"{RUNS}/{run['id']}/changes.csv")
    assert (none.status_code, none.json()["code"]) == (409, "no-such-list")


def test_a_program_is_told_what_is_wrong(as_user, learned):
    for fields, status, said in (
        ({"log": "none"}, 400, "UUID"),
        ({"log": uuid.UUID(int=1)}, 404, ""),
        ({"model": 987_654_321}, 404, ""),
        ({"name": "x" * 256}, 400, "255"),
    ):
        answer = as_user.post(RUNS, {"log": learned.pk} | fields)
        assert answer.status_code == status, fields
        assert said in answer.content.decode(), fields


def test_a_program_does_not_choose_the_model_of_a_newer_export(as_user, learned, whole):
    version = learned.population.versions.get()

    answer = as_user.post(RUNS, sent(whole, log=learned.pk, model=version.pk))

    assert answer.status_code == 400 and "champion" in answer.content.decode()
    assert as_user.post(RUNS, {"log": learned.pk, "model": version.pk}).status_code == 201


def test_a_program_is_told_that_nothing_serves(as_user, read, year):
    analysis = read(until(year, SPRING))

    answer = as_user.post(RUNS, {"log": analysis.pk})

    assert (answer.status_code, answer.json()["code"]) == (409, "no-model-of-purchases")


# --- By a command ----------------------------------------------------------------------------------------


def test_the_command_scores_a_log_and_its_next_export(learned, company, whole, tmp_path, capsys):
    newer, target = tmp_path / "next.csv", tmp_path / "result.csv"
    newer.write_bytes(whole)

    call_command("predict", log=str(learned.pk), company=company.pk)
    scored = capsys.readouterr().out
    call_command("predict", str(newer), log=str(learned.pk), company=company.pk, out=str(target))
    changed = capsys.readouterr().out

    assert "customers were scored as of 15 September 2024" in scored
    assert "new on the list since 15 September 2024" in changed
    assert "The log contains the one before" in changed
    run = Prediction.objects.order_by("-pk").first()
    assert target.read_bytes() == readable_path(run.result_dataset_path).read_bytes()
    assert csv_of(files.changes_beside(run.result_dataset_path))


def test_the_command_says_what_is_wrong(learned, company):
    mine = {"log": str(learned.pk)}

    for files_named, options, said in (
        ([], {}, "Name a file"),
        ([], {"log": "none"}, "no purchase log none"),
        ([], {"log": str(uuid.UUID(int=1))}, "no purchase log"),
        ([], mine | {"model": "Random Forest v1"}, "the champion of its customers scores it"),
        (["/no/such/file.csv"], mine, "cannot be read"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("predict", *files_named, company=company.pk, **options)


def test_the_command_asks_for_the_model_of_a_file(company, developer, tmp_path):
    file = tmp_path / "march.csv"
    file.write_text("customerID\n1\n")

    with pytest.raises(CommandError, match="--model"):
        call_command("predict", str(file), company=company.pk)
