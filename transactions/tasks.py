"""What the worker does for purchase logs. Imported by the worker alone."""

from django.utils import timezone

from jobs.handlers import handler
from jobs.runner import JobRun
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.services.importing import import_log
from transactions.services.matrices import compute_matrix
from transactions.services.processing import compute_when_read


@handler("transactions.import")
def read(run: JobRun):
    analysis = AnalysisSession.objects.select_related("company", "dataset").get(pk=run.payload["analysis"])
    import_log(run=run, analysis=analysis, at=timezone.now())


@handler("transactions.features")
def compute(run: JobRun):
    rows = FeatureMatrix.objects.select_related("analysis__company", "analysis__dataset")
    compute_matrix(run=run, matrix=rows.get(pk=run.payload["matrix"]), at=timezone.now())


@handler("transactions.features_when_read")
def compute_once_read(run: JobRun):
    rows = FeatureMatrix.objects.select_related("analysis__company", "analysis__dataset", "account")
    compute_when_read(run=run, matrix=rows.get(pk=run.payload["matrix"]), at=timezone.now())
