import pytest
from django.core.files.base import ContentFile

from companies.access import membership
from registry.tests.factories import NOON
from tabular.snapshots.plan import suggest
from training.models import TrainingRun
from training.services.own_tables import check_choices, look_at_table, start_first_training

pytestmark = pytest.mark.django_db


def test_a_file_becomes_a_version(shared, developer, model_types, do_jobs):
    member = membership(developer)
    content = (shared / "data" / "iranian_churn.csv").read_bytes()
    seen = look_at_table(member=member, upload=ContentFile(content, name="iranian_churn.csv"))
    choices = suggest(seen.inferred)
    checked = check_choices(member=member, token=seen.token, choices=choices)
    print(checked.leaks, checked.notes, checked.rows, checked.left)
    run = start_first_training(member=member, token=seen.token, base_name="", choices=choices, at=NOON)
    print(run.population)
    do_jobs()
    run = TrainingRun.objects.with_related().get(pk=run.pk)
    print(run.job.error, run.job.state)
    assert run.version.metrics.auc_roc > 0.97
