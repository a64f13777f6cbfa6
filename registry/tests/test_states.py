import pytest

from companies.models import AuditEvent
from core.errors import Conflict
from registry.artefacts import path_of
from registry.engines.files import GRAPH
from registry.models import ModelVersion
from registry.services.opening import load_scorer
from registry.services.release import StillDamaged, release_version, resign_version, verify_version
from registry.services.states import VersionNotServing, mark_damaged, quarantine_version
from registry.tests.factories import NOON


@pytest.fixture
def tree(default_versions):
    return default_versions["decision_tree"]


def test_a_version_in_quarantine_serves_nobody(tree, operator):
    quarantine_version(version=tree, reason="Complaints.", by=operator, at=NOON)

    with pytest.raises(VersionNotServing, match="quarantined"):
        load_scorer(ModelVersion.objects.get(pk=tree.pk), at=NOON)
    event = AuditEvent.objects.get(action="version-quarantined")
    assert (event.actor, event.at) == (operator, NOON)


def test_a_released_version_serves_again(tree, operator):
    quarantine_version(version=tree, reason="Complaints.", by=operator, at=NOON)

    release_version(version=tree, by=operator, at=NOON)

    assert load_scorer(tree, at=NOON)
    assert AuditEvent.objects.filter(action="version-released", actor=operator).exists()


def test_a_damaged_version_is_not_released_before_its_files_are_back(tree, operator):
    graph = path_of(tree, GRAPH)
    payload = graph.read_bytes()
    graph.write_bytes(payload[:-1])
    mark_damaged(version=tree, reason="Seen.", at=NOON)

    with pytest.raises(StillDamaged, match="Restore its files"):
        release_version(version=tree, by=operator, at=NOON)

    graph.write_bytes(payload)
    assert release_version(version=tree, by=operator, at=NOON).is_ready


def test_one_that_another_key_signed_is_signed_first(tree, operator, settings):
    """A backup of the files would help nobody."""
    settings.SECRET_KEY = "of today, and long enough for whoever counts its characters: 0123456789"
    mark_damaged(version=tree, reason="Seen.", at=NOON)

    with pytest.raises(StillDamaged, match="If SECRET_KEY was changed, sign the version again first"):
        release_version(version=tree, by=operator, at=NOON)

    assert resign_version(version=tree, by=operator, at=NOON)
    tree.refresh_from_db()
    assert tree.is_ready


def test_a_version_that_serves_cannot_be_released(tree, operator):
    with pytest.raises(Conflict, match="nothing was changed"):
        release_version(version=tree, by=operator, at=NOON)


def test_a_damaged_version_cannot_be_put_into_quarantine(tree, operator):
    mark_damaged(version=tree, reason="Seen.", at=NOON)

    with pytest.raises(Conflict, match="is damaged"):
        quarantine_version(version=tree, reason="", by=operator, at=NOON)


def test_verifying_a_sound_version_changes_nothing(tree):
    verify_version(version=tree, at=NOON)

    tree.refresh_from_db()
    assert tree.is_ready


def test_a_long_reason_is_cut_where_the_column_ends(tree):
    mark_damaged(version=tree, reason="x" * 1_000, at=NOON)

    tree.refresh_from_db()
    assert tree.state_reason == "x" * 255
