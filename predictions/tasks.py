"""What the worker does for predictions. Imported by the worker alone."""

from django.utils import timezone

from jobs.handlers import handler
from jobs.runner import JobRun
from predictions.models import Prediction
from predictions.services import logs
from predictions.services.scoring import score_prediction


@handler("predictions.score")
def score(run: JobRun):
    prediction = Prediction.objects.select_related("model__model_type").get(uuid=run.payload["prediction"])
    score_prediction(run=run, prediction=prediction, at=timezone.now())


@handler(logs.TASK)
def score_log(run: JobRun):
    rows = Prediction.objects.select_related("model__model_type", "population", "company")
    prediction = rows.get(uuid=run.payload["prediction"])
    logs.score_log_prediction(run=run, prediction=prediction, at=timezone.now())
