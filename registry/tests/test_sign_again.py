"""After a change of SECRET_KEY: versions are signed again, if their files have the hashes of the database."""

import pytest
from django.core.management import CommandError, call_command

from companies.models import AuditEvent
from registry.artefacts import path_of
from registry.engines.files import MANIFEST
from registry.models import ModelVersion
from registry.services.opening import DamagedArtefact, forget_loaded, load_scorer, read_or_report
from registry.services.release import NotToBeSigned, resign_version
from registry.tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree(default_versions):
    return default_versions["decision_tree"]


@pytest.fixture
def new_key(tree, settings):
    settings.SECRET_KEY = "another key, long enough to be one, and as random as this sentence is"
    forget_loaded()


def test_signs_what_has_the_hashes_of_the_database(tree, new_key, operator):
    with pytest.raises(DamagedArtefact):
        read_or_report(tree, at=NOON)

    assert resign_version(version=tree, by=operator, reason="A new key.", at=NOON)

    tree.refresh_from_db()
    assert tree.is_ready
    assert load_scorer(tree, at=NOON)
    event = AuditEvent.objects.get(action="version-signed-again")
    assert (event.actor, event.details["reason"]) == (operator, "A new key.")


def test_signs_nothing_whose_signature_holds(tree, operator):
    assert not resign_version(version=tree, by=operator, at=NOON)
    assert not AuditEvent.objects.filter(action="version-signed-again").exists()


def test_refuses_a_file_that_is_another_one(tree, new_key, operator):
    path_of(tree, MANIFEST).write_text("{}")

    with pytest.raises(NotToBeSigned, match="is not the file that was registered"):
        resign_version(version=tree, by=operator, at=NOON)


def test_refuses_a_row_that_contradicts_itself(tree, new_key, operator):
    ModelVersion.objects.filter(pk=tree.pk).update(manifest_sha256="0" * 64)

    with pytest.raises(NotToBeSigned, match="contradicts itself"):
        resign_version(version=tree, by=operator, at=NOON)


def test_the_command_signs_all_and_names_what_it_does_not(tree, new_key, default_versions, capsys):
    path_of(tree, MANIFEST).write_text("{}")

    with pytest.raises(CommandError, match="1 of 5 versions may not serve"):
        call_command("verify_models", resign=True)

    told = capsys.readouterr().out
    assert told.count("as it was registered, signed again") == 4
    assert "Decision Tree v1 is not signed again" in told
