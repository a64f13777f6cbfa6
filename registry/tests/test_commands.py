"""The registry from a terminal."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from core.faults import FilesAway
from registry.artefacts import MODEL, path_of
from registry.selectors import champion_of, telecom_base
from registry.services.deployments import deploy_version
from registry.services.release import release_version
from registry.tests.factories import NOON, ModelVersionFactory
from registry.tests.own_bases import own_base

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(company):
    return ModelVersionFactory(company=company, number=2)


def run(capsys, *words, **options):
    call_command(*words, **options)
    return capsys.readouterr().out


def test_deploys_in_the_name_of_a_person(second, company, developer, capsys):
    told = run(
        capsys, "deploy", company=company.pk, number=2, reason="Finds more.", by="Dana@harbour.example.com"
    )

    assert told == "Neural Network v2 serves Harbour Telecom as champion.\n"
    assert champion_of(company, telecom_base()).actor == developer


def test_deploys_as_the_installation_beside_the_champion_and_withdraws(second, company, capsys):
    run(capsys, "deploy", company=company.pk, number=2, reason="To try.", role="alternative")
    run(capsys, "deploy", company=company.pk, number=2, reason="Tried.", role="withdrawn")

    events = company.deployment_events.order_by("sequence")
    assert [(event.action, event.actor_name) for event in events] == [
        ("DEPLOYED", "the installation"),
        ("WITHDRAWN", "the installation"),
    ]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"number": 9}, "has no version v9"),
        ({"reason": ""}, "Say why"),
        ({"by": "uma@harbour.example.com"}, "Only the developer"),
        ({"by": "nobody@example.com"}, "Nobody has an account of the address nobody@example.com"),
        ({"company": "NOSUCH"}, "There is no company NOSUCH"),
        ({"base": str(UUID(int=1))}, "Harbour Telecom has no customer base"),
    ],
)
def test_says_why_it_does_not_deploy(options, sentence, second, company, user):
    with pytest.raises(CommandError, match=sentence):
        call_command("deploy", **{"company": company.pk, "number": 2, "reason": "Finds more."} | options)


def test_rolls_back(second, company, capsys):
    third = ModelVersionFactory(company=company, number=3)
    for version in (second, third):
        deploy_version(version=version, company=company, by=None, reason="Finds more.", at=NOON)

    told = run(capsys, "rollback", company=company.pk, reason="Too many calls.")

    assert told == "Neural Network v3 was withdrawn; Neural Network v2 is the champion again.\n"


def test_rolls_back_a_base_that_has_no_defaults(company, capsys):
    base, champion = own_base(company)

    told = run(capsys, "rollback", company=company.pk, base=base.name, reason="Too many calls.")

    assert told == f"{champion} was withdrawn; no version is suggested.\n"


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("initialize_developer", {}),
        ("rollback", {"reason": "x"}),
        ("serving", {}),
        # It said that all 0 versions may serve.
        ("verify_models", {}),
    ],
)
def test_says_that_there_is_no_such_company(command, options, db):
    with pytest.raises(CommandError, match="There is no company NOSUCH"):
        call_command(command, company="NOSUCH", **options)


def test_tells_what_served_at_an_instant(second, company, developer, capsys):
    deploy_version(version=second, company=company, by=developer, reason="Finds more.", at=NOON)

    before = run(capsys, "serving", company=company.pk, at=(NOON - timedelta(seconds=1)).isoformat())
    after = run(capsys, "serving", company=company.pk, at="2026-03-02T12:00:00")

    assert "No version was deployed" in before
    assert "Neural Network v2: champion, since 2026-03-02T12:00:00+00:00, by Dana Dev" in after


def test_refuses_an_instant_that_is_none(company):
    with pytest.raises(CommandError, match="is no instant"):
        call_command("serving", company=company.pk, at="at noon")


def test_verifies_every_version_and_names_the_damaged_one(default_versions, capsys):
    assert "All 5 versions may serve." in run(capsys, "verify_models")

    path_of(default_versions["decision_tree"], MODEL).write_bytes(b"another model")

    with pytest.raises(CommandError, match="1 of 5 versions may not serve"):
        call_command("verify_models")
    default_versions["decision_tree"].refresh_from_db()
    assert default_versions["decision_tree"].state == "DAMAGED"


@pytest.mark.parametrize("resign", [False, True])
def test_restores_no_file_that_only_cannot_be_reached(default_versions, settings, resign):
    folder = settings.MEDIA_ROOT / "models"
    folder.rename(folder.with_name("unplugged"))

    with pytest.raises(CommandError, match="files of 5 of 5 versions cannot be reached") as told:
        call_command("verify_models", resign=resign)
    with pytest.raises(FilesAway):
        release_version(version=default_versions["decision_tree"], by=None, at=NOON)

    assert "backup" not in str(told.value)
    folder.with_name("unplugged").rename(folder)
    call_command("verify_models")


def test_sets_a_developer_up_once(default_versions, company, developer, capsys):
    first = run(capsys, "initialize_developer", company=company.pk)
    again = run(capsys, "initialize_developer", company=company.pk)

    assert first.endswith(f"{developer} is set up.\n")
    assert first.count("Accuracy") == 5
    assert again.endswith("Nothing was missing.\n")
    assert company.deployments.count() == 5


def test_refuses_to_set_up_a_company_without_a_developer(company):
    with pytest.raises(CommandError, match="no approved developer"):
        call_command("initialize_developer", company=company.pk)
