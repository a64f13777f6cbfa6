# ruff: noqa: F811  (fixtures of another module)
"""What lies on a server and is named by no row goes with the sweep; what a server gives is checked first."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.files.owners import sweep
from core.files.store import (
    objects_under,
    remove_if_older,
    store_bytes,
    store_file,
)
from core.files.stored import MODELS
from registry.models import ModelVersion
from registry.services.opening import DamagedArtefact, forget_loaded, load_scorer
from tests.test_buckets import NAME, kept_version, log  # noqa: F401

pytestmark = pytest.mark.any_database


@pytest.fixture
def orphans(kept_version, company, log):
    """What two killed registrations left on the server: bucket and name."""
    names = [
        *(f"retrained_models/{company.pk}/logistic_regression_v9{suffix}" for suffix in (".pkl", ".onnx")),
        "default_models/decision_tree_metadata.pkl",
    ]
    for name in names:
        store_file(MODELS, name, log)
    return sorted(f"models/{name}" for name in names)


def in_two_hours():
    return timezone.now() + timedelta(hours=2)


def names_on_the_server():
    return {found.name for found in objects_under(MODELS)}


@pytest.mark.django_db
@pytest.mark.parametrize("page_size", [1, 3, 1000])
def test_the_sweep_takes_from_the_server_what_no_row_names(kept_version, orphans, page_size):
    before = names_on_the_server()

    removed = sweep(at=in_two_hours(), page_size=page_size)

    assert sorted(removed) == orphans
    assert names_on_the_server() == before - {name.removeprefix("models/") for name in orphans}
    forget_loaded()
    assert load_scorer(kept_version, at=timezone.now()).threshold
    assert sweep(at=in_two_hours(), page_size=page_size) == []


@pytest.mark.django_db
def test_the_sweep_leaves_what_may_still_get_its_row(kept_version, orphans):
    before = names_on_the_server()

    assert sweep(at=timezone.now() + timedelta(minutes=59)) == []
    assert names_on_the_server() == before


@pytest.mark.django_db
def test_the_sweep_leaves_what_no_version_could_have_written(kept_version, log, company):
    others = {"notes.pkl", f"retrained_models/{company.pk}/readme.txt", "somebody/else.onnx"}
    for name in others:
        store_file(MODELS, name, log)

    assert sweep(at=in_two_hours()) == []
    assert others <= names_on_the_server()


@pytest.mark.django_db
def test_the_files_of_a_version_whose_row_is_gone_are_orphans(kept_version):
    held = {f"models/{name}" for name in names_on_the_server()}
    ModelVersion.objects.all().delete()

    assert set(sweep(at=in_two_hours())) == held
    assert not names_on_the_server()


@pytest.mark.django_db
def test_what_was_written_again_since_it_was_listed_stays(orphans):
    name, *_ = (orphan.removeprefix("models/") for orphan in orphans)

    assert not remove_if_older(MODELS, name, than=timezone.now() - timedelta(hours=1))
    assert name in names_on_the_server()
    assert remove_if_older(MODELS, name, than=in_two_hours())
    assert not remove_if_older(MODELS, name, than=in_two_hours())  # no mistake: somebody else removed it


@pytest.mark.django_db
def test_what_a_bucket_gives_is_trusted_no_more_than_the_disk(kept_version):
    name = next(found.name for found in objects_under(MODELS) if found.name.endswith(".json"))
    store_bytes(MODELS, name, b"{}")
    forget_loaded()

    with pytest.raises(DamagedArtefact):
        load_scorer(kept_version, at=timezone.now())
