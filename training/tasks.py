"""What the worker does for retraining. Imported by the worker alone."""

from django.utils import timezone

from jobs.handlers import handler
from jobs.runner import JobRun
from registry.models import ModelVersion
from training.models import FeatureTraining, TrainingRun
from training.services import feature_training, operating
from training.services.attempts import retrain
from training.services.retraining import TASK


@handler(TASK)
def retrain_model(run: JobRun):
    training_run = TrainingRun.objects.select_related("company", "job__account", "model_type").get(
        uuid=run.payload["training_run"]
    )
    retrain(run=run, training_run=training_run, at=timezone.now())


@handler(feature_training.TASK)
def learn_features(run: JobRun):
    training = FeatureTraining.objects.select_related("company", "model_type").get(
        pk=run.payload["feature_training"]
    )
    if training.version_id is None:
        feature_training.train_on_features(run=run, training=training, at=timezone.now())


@handler(operating.REBUILD)
def rebuild_version(run: JobRun):
    versions = ModelVersion.objects.select_related("model_type", "company", "training_dataset")
    operating.rebuild(run=run, version=versions.get(pk=run.payload["version"]), at=timezone.now())
