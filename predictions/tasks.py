"""What the worker does for predictions. Imported by the worker alone."""

from celery import shared_task
from django.utils import timezone

from jobs.handlers import handler
from jobs.runner import JobRun
from predictions.models import Prediction
from predictions.services.scoring import score_prediction
from predictions.services.sweeping import sweep_files


@handler("predictions.score")
def score(run: JobRun):
    prediction = Prediction.objects.select_related("model__model_type").get(uuid=run.payload["prediction"])
    score_prediction(run=run, prediction=prediction, at=timezone.now())


@shared_task(name="predictions.sweep")
def sweep():
    sweep_files(at=timezone.now())
