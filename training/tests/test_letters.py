"""A table in letters that nobody can be sure of: its people choose by the names that they see."""

import pytest
from django.core.files.base import ContentFile

from companies.identity import membership
from intake.services.checking import FileRefused
from intake.services.waiting import find_kept
from registry.tests.factories import NOON
from training.services.retraining import check_upload, start_retraining
from training.tests.own import gym
from training.tests.test_own_pages import NEW, as_sent, send, words
from training.tests.uploads import to_csv

pytestmark = pytest.mark.django_db


def in_letters(names, encoding, **options):
    """Return a table of members whose numbers begin with names, in the bytes of an encoding."""
    head, *rows = gym(**options)
    named = [[f"{names[place % len(names)]}-{row[0]}", *row[1:]] for place, row in enumerate(rows)]
    return to_csv([head, *named]).decode().encode(encoding)


CHINESE = in_letters(("王伟", "李娜"), "gb18030")
# Read as Western European, it is wrong and looks like nothing else.
HUNGARIAN = in_letters(("Szűcs", "Kiss", "Nagy"), "cp1250")


def test_the_file_is_kept_while_its_letters_are_chosen(as_developer, model_types):
    refused = send(as_developer, CHINESE)
    assert refused.status_code == 422
    refusal = refused.context["refusal"]
    assert refusal.letters[0].encoding == "gb18030"
    assert "Chinese, simplified (GBK) 王伟-M-00000, 李娜-M-00001" in words(refused)

    answer = as_developer.post(NEW, {"kept": refusal.kept, "encoding": "gb18030"})
    columns = as_developer.get(answer.url)

    assert "王伟-M-00000" in words(columns)
    checked = as_developer.post(answer.url, as_sent(columns.context["form"]))
    train = as_developer.get(checked.url)
    assert train.context["checked"].report.spec.encoding == "gb18030"
    assert train.context["checked"].rows == 400


def test_letters_that_were_guessed_can_be_chosen_beside_the_first_rows(as_developer):
    guessed = as_developer.get(send(as_developer, HUNGARIAN).url)
    assert "Szûcs-M-00000" in words(guessed)
    assert "Names look wrong? Choose the encoding of the file" in words(guessed)

    sent = {"kept": guessed.context["seen"].token, "encoding": "cp1250"}
    chosen = as_developer.get(as_developer.post(NEW, sent).url)

    assert [row["texts"][0] for row in chosen.context["rows"][:3]] == [
        "Szűcs-M-00000", "Kiss-M-00001", "Nagy-M-00002",
    ]  # fmt: skip


def test_plain_utf_8_asks_nothing(as_developer):
    page = as_developer.get(send(as_developer, to_csv(gym())).url)

    assert "Names look wrong" not in words(page)


def test_a_month_in_other_letters_is_learned_from_as_was_said(
    first_trained, developer, do_jobs, as_developer
):
    base = first_trained(gym()).population
    member = membership(developer)
    upload = ContentFile(in_letters(("王伟",), "gb18030", rows=200, seed=5), name="may.csv")
    with pytest.raises(FileRefused) as refused:
        check_upload(member=member, upload=upload, population=base, at=NOON)

    checked = check_upload(
        member=member, upload=refused.value.kept, population=base, encoding="gb18030", at=NOON
    )
    page = as_developer.get("/dev/retrain/", {"base": base.uuid, "kept": checked.token})
    run = start_retraining(member=member, upload=checked.token, reason="May", population=base, at=NOON)
    do_jobs()

    assert "王伟-M-00000" in words(page) and "Names look wrong?" in words(page)
    run.refresh_from_db()
    assert run.input_data["spec"]["encoding"] == "gb18030"
    assert (run.combination["added"], run.combination["replaced"]) == (200, 0)


def test_a_choice_that_is_none_changes_nothing(as_developer):
    refusal = send(as_developer, CHINESE).context["refusal"]

    answer = as_developer.post(NEW, {"kept": refusal.kept, "encoding": "klingon"})

    assert answer.status_code == 400
    assert find_kept(refusal.kept, member=membership(answer.wsgi_request.user)).path.exists()
