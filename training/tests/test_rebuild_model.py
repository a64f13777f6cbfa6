"""A version is trained once more from what was recorded, and predicts the same."""

import pytest
from django.core.management import CommandError, call_command

from core.files.media import media_path
from registry.models import ModelVersion
from registry.services.datasets import held_out_beside

pytestmark = pytest.mark.django_db


@pytest.mark.any_database
@pytest.mark.parametrize("slug", ["neural_network", "random_forest", "decision_tree"])
def test_a_rebuilt_version_predicts_the_same(slug, default_versions, capsys):
    call_command("rebuild_model", default_versions[slug].pk)

    told = capsys.readouterr().out
    assert "predicts the same" in told
    assert float(told.rstrip(".\n").rpartition(" ")[2]) <= 1e-9


@pytest.mark.any_database
def test_a_chain_of_retrained_versions_is_rebuilt_with_whom_each_held_out(retrained, labelled, capsys):
    for number in range(2):
        version = retrained(labelled(seed=21 + number, prefix=f"P{number}")).version
        call_command("rebuild_model", version.pk)

        assert "predicts the same" in capsys.readouterr().out


@pytest.mark.any_database
def test_says_that_who_was_held_out_is_gone(retrained, labelled):
    version = retrained(labelled(seed=21)).version
    media_path(held_out_beside(version.training_dataset.file_path)).unlink()

    with pytest.raises(CommandError, match="not known any more"):
        call_command("rebuild_model", version.pk)


@pytest.mark.any_database
def test_says_that_a_version_without_data_cannot_be_rebuilt(default_versions):
    version = default_versions["decision_tree"]
    ModelVersion.objects.filter(pk=version.pk).update(training_dataset=None)

    with pytest.raises(CommandError, match="no recorded data set"):
        call_command("rebuild_model", version.pk)


@pytest.mark.any_database
def test_refuses_a_data_set_that_was_changed(default_versions):
    version = default_versions["decision_tree"]
    media_path(version.training_dataset.file_path).write_bytes(b"another table")

    with pytest.raises(CommandError, match="cannot be learned from"):
        call_command("rebuild_model", version.pk)


def test_refuses_an_id_that_is_none():
    with pytest.raises(CommandError, match="There is no version of the id 987654321"):
        call_command("rebuild_model", 987_654_321)
