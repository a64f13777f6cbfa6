"""The other doors to a company's own table: commands and the API call the same services."""

import pytest
from django.core.management import CommandError, call_command

from intake.services.waiting import waiting_room
from registry.models import Population
from training.models import TrainingRun
from training.tests.own import as_file, gym, with_column, without
from training.tests.uploads import to_csv

pytestmark = pytest.mark.django_db

BASES, RETRAININGS = "/api/v1/customer-bases", "/api/v1/retrainings"


@pytest.fixture
def gym_file(tmp_path):
    def write(table, name="gym.csv"):
        path = tmp_path / name
        path.write_bytes(to_csv(table))
        return str(path)

    return write


def knowing():
    return with_column(gym(), "Refund", lambda row: "1" if row["Left"] == "gone" else "0")


# --- Commands --------------------------------------------------------------------------------------------


def test_the_command_makes_a_base_and_says_how_good_its_first_version_is(
    gym_file, company, developer, model_types, capsys
):
    call_command(
        "create_base", gym_file(without(gym(), "Member no")), company=company.pk, type="logistic_regression",
        leave_out=["Newsletter"], wait=True,
    )  # fmt: skip

    said = capsys.readouterr().out
    assert "such as Row 17" in said and "400 rows = 400 used + 0 duplicates + 0 left out." in said
    assert "Logistic Regression v1 learned from the 400 customers of Gym. Its AUC" in said
    base = Population.objects.get(company=company)
    assert "Newsletter" not in base.features.features


def test_the_command_stops_before_a_column_that_knows_the_answer(
    gym_file, company, developer, model_types, capsys
):
    with pytest.raises(CommandError, match="'Refund' alone tells nearly all"):
        call_command("create_base", gym_file(knowing()), company=company.pk)

    call_command("create_base", gym_file(knowing()), company=company.pk, keep=["Refund"], name="Members")

    assert "'Refund' alone tells" in capsys.readouterr().out
    assert [run.population.name for run in TrainingRun.objects.all()] == ["Members"]


def test_the_command_is_told_how_dates_and_types_are_meant(gym_file, company, developer, model_types):
    ambiguous = gym()
    for place, row in enumerate(ambiguous[1:]):
        row[2] = f"{1 + place % 9}/{1 + place % 12}/2024"
    with pytest.raises(CommandError, match="Say in which order they stand"):
        call_command("create_base", gym_file(ambiguous), company=company.pk)

    call_command(
        "create_base", gym_file(ambiguous), company=company.pk, date_order=["Joined=MDY"],
        column_type=["Visits=category"], value="Fee", currency="EUR",
    )  # fmt: skip

    base = Population.objects.get(company=company)
    orders = {column["name"]: column["date_order"] for column in base.reading["columns"]}
    assert orders["Joined"] == "MDY"
    assert "Visits" in [column.name for column in base.features.categorical]
    assert (base.value_column, base.currency) == ("Fee", "EUR")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"date_order": ["MDY"]}, "needs COLUMN=..."),
        ({"outcome": "Plan"}, "say which of its values means"),
        ({"outcome": "Shoe size"}, "no column 'Shoe size'"),
        ({"left": "vanished"}, "no row says 'vanished'"),
        ({"company": "NOSUCHCOMP"}, "no company"),
        ({"type": "crystal_ball"}, "no model type crystal_ball"),
    ],
)
def test_the_command_says_what_is_wrong_and_keeps_nothing(
    options, sentence, gym_file, company, developer, model_types
):
    with pytest.raises(CommandError, match=sentence):
        call_command("create_base", gym_file(gym()), **{"company": company.pk} | options)

    assert not Population.objects.filter(company=company).exists()
    assert not [path for path in waiting_room().rglob("*") if path.is_file()]


@pytest.mark.any_database
def test_the_retrain_command_takes_a_base_and_a_type(gym_file, first_trained, company, developer, capsys):
    first_trained(gym(), base_name="Members")

    call_command(
        "retrain", gym_file(gym(200, seed=4, prefix="N")), company=company.pk, reason="March", base="Members",
        type="decision_tree", wait=True,
    )  # fmt: skip

    assert "Decision Tree v1 learned from the 600 customers" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no customer base Nobody"):
        call_command("retrain", gym_file(gym()), company=company.pk, reason="March", base="Nobody")


# --- API -------------------------------------------------------------------------------------------------


@pytest.fixture
def send(client, developer):
    client.force_login(developer)

    def send(address, table, **fields):
        key = fields.pop("key", None)
        headers = {"Idempotency-Key": key} if key else {}
        return client.post(address, {"file": as_file(table), **fields}, headers=headers)

    return send


def test_a_program_makes_a_base_in_one_request(send, client, company, model_types, do_jobs):
    members = with_column(gym(), "Club", lambda row: "Hilltop")
    answer = send(
        BASES, members, name="Members", outcome="Left", left="GONE", model_type="logistic_regression"
    )

    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made["name"] == "Members"
    assert made["outcome"] == {"column": "Left", "left": "gone"}
    assert (made["training"]["base"], made["training"]["state"]) == (made["id"], "QUEUED")
    assert "Left out: 'Club'. It says the same in every row." in made["training"]["rows_read"]["remarks"]
    do_jobs()
    assert client.get(f"{RETRAININGS}/{made['training']['id']}").json()["state"] == "SUCCEEDED"
    assert client.get(answer.headers["Location"]).json()["id"] == made["id"]


def test_a_program_is_told_which_columns_know_the_answer_and_nothing_stays(
    send, company, model_types, settings
):
    answer = send(BASES, knowing())

    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["leaking"]) == ("columns-know-answer", ["Refund"])
    assert not Population.objects.filter(company=company).exists()
    assert [path for path in settings.FILE_UPLOAD_TEMP_DIR.rglob("*") if path.is_file()] == []
    assert send(BASES, knowing(), leave_out=["Refund"]).status_code == 201


def test_a_program_that_sends_twice_makes_one_base(send, company, model_types):
    first, again = (send(BASES, gym(), key="only once") for _ in range(2))

    assert first.json()["id"] == again.json()["id"]
    assert Population.objects.filter(company=company).count() == 1


@pytest.mark.parametrize("field", ["types", "date_orders", "decimals"])
def test_a_program_says_types_as_names_by_column(field, send, model_types):
    answer = send(BASES, gym(), **{field: '["Plan"]'})

    assert answer.status_code == 400
    assert field in answer.json()["fields"]


def test_a_type_that_a_program_gives_a_column_counts(send, company, model_types):
    answer = send(BASES, gym(), types='{"Visits": "category"}')

    assert answer.status_code == 201, answer.content
    assert "Visits" in [
        column.name for column in Population.objects.get(company=company).features.categorical
    ]


def test_a_program_retrains_a_base_by_its_name_or_id(send, first_trained):
    base = first_trained(gym(), base_name="Members").population

    answers = [send(RETRAININGS, gym(seed=3), reason="March", base=named) for named in ("Members", base.uuid)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json()["base"] for answer in answers] == [str(base.uuid)] * 2
    assert answers[0].json()["model_type"] == "logistic_regression"
    assert send(RETRAININGS, gym(), reason="March", base="Nobody").status_code == 404


def test_a_user_makes_no_base(client, user, company, model_types):
    client.force_login(user)

    assert client.post(BASES, {"file": as_file(gym())}).status_code == 403
    assert not Population.objects.filter(company=company).exists()
