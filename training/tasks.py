"""What the worker does for retraining. Imported by the worker alone."""

from django.utils import timezone

from jobs.handlers import handler
from jobs.runner import JobRun
from registry.models import ModelVersion
from training.models import ModelSearch, SearchPart, TrainingRun
from training.services import feature_training, operating, searching
from training.services.attempts import train_on_customers
from training.services.retraining import TASK

RELATED = ("company", "job__account", "model_type", "population")


@handler(TASK)
def retrain_model(run: JobRun):
    train_on_customers(run=run, training_run=_training_of(run), at=timezone.now())


@handler(searching.PREPARE)
def prepare_search(run: JobRun):
    search = ModelSearch.objects.select_related(*(f"training__{name}" for name in RELATED)).get(
        training__uuid=run.payload["training_run"]
    )
    searching.prepare_search(run=run, search=search, at=timezone.now())


@handler(searching.TRY)
def try_type(run: JobRun):
    parts = SearchPart.objects.select_related("model_type", "search__training__population")
    searching.try_part(run=run, part=parts.get(pk=run.payload["part"]))


@handler(feature_training.TASK)
def learn_features(run: JobRun):
    training = _training_of(run)
    if training.version_id is None:
        feature_training.train_on_features(run=run, training=training, at=timezone.now())


def _training_of(run):
    runs = TrainingRun.objects.select_related(*RELATED, "search__job")
    return runs.get(uuid=run.payload["training_run"])


@handler(operating.REBUILD)
def rebuild_version(run: JobRun):
    versions = ModelVersion.objects.select_related("model_type", "company", "training_dataset")
    operating.rebuild(run=run, version=versions.get(pk=run.payload["version"]), at=timezone.now())
