"""Training on purchase logs, in the words of the second API: ``/api/v1/churn/v2/organizations/<org>/``."""

from datetime import UTC

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from companies.access import IsDeveloper
from companies.models import Scope
from companies.organisations import OfOrganisation
from intake.api import RowsRead
from jobs.models import Job
from registry.access import log_base_or_404
from registry.api.populations import LOG_BASE
from registry.presenting.quality import figures_of_churners
from registry.services.model_types import LOG_TYPES, USUAL_LOG_TYPE, describe_types, read_model_type
from training.presenting.status import training_status
from training.selectors import latest_feature_training, latest_features
from training.services.feature_training import start_feature_training
from transactions.api.rows import account_of_log

TAG = "churn v2"
DIGITS = 4
# The names of the figures in `ml.evaluation.metrics.evaluate`, all of the class that leaves but the first.
FIGURES = ("accuracy", "precision", "recall", "f1_score", "roc_auc")


class TrainOutput(serializers.Serializer):
    success = serializers.BooleanField()
    message = serializers.CharField()
    model_type = serializers.ChoiceField(LOG_TYPES)


class StatusOutput(serializers.Serializer):
    status = serializers.ChoiceField(("not_started", "training", "completed", "failed"))
    model_type = serializers.CharField(allow_null=True)
    version = serializers.CharField(
        allow_null=True,
        help_text="The version that was trained, such as v3. `predict` names the version that scored.",
    )
    accuracy = serializers.FloatField(allow_null=True)
    precision = serializers.FloatField(
        allow_null=True,
        help_text="The share of those named as leaving who do leave; null if it names nobody.",
    )
    recall = serializers.FloatField(allow_null=True, help_text="The share of those who leave whom it names.")
    f1_score = serializers.FloatField(allow_null=True)
    roc_auc = serializers.FloatField(allow_null=True)
    training_samples = serializers.IntegerField(allow_null=True)
    churn_rate = serializers.FloatField(allow_null=True)
    trained_at = serializers.CharField(allow_null=True, help_text="UTC.")
    error_message = serializers.CharField(allow_null=True)
    warnings = serializers.ListField(
        child=serializers.CharField(),
        help_text="What speaks against trusting it: how much data is missing to the minimum, and columns "
        "that know the outcome.",
    )
    report = serializers.JSONField(
        allow_null=True,
        help_text="How it was learned and judged: cutoffs, churn definition, columns that were left out, the "
        "best single column, and the figures of a random split, which look better than they are.",
    )
    rows_read = RowsRead(
        allow_null=True,
        help_text="What became of the rows of the log that it learned from; null if there was no training.",
    )


@extend_schema(tags=[TAG])
class Train(OfOrganisation, APIView):
    """Train a model on the latest features; the answer comes at once, the model later."""

    permission_classes = [IsDeveloper.with_scope(Scope.TRAIN)]

    @extend_schema(
        request=None,
        responses=TrainOutput,
        parameters=[
            OpenApiParameter(
                "model_type",
                enum=LOG_TYPES,
                default=USUAL_LOG_TYPE,
                description=describe_types(LOG_TYPES, USUAL_LOG_TYPE),
            ),
            LOG_BASE,
        ],
    )
    def post(self, request, org):
        company = request.member.company
        training = start_feature_training(
            member=request.member,
            matrix=latest_features(company, log_base_or_404(company, request.query_params.get("base", ""))),
            model_type=request.query_params.get("model_type"),
            at=timezone.now(),
        )
        return Response(
            {
                "success": True,
                "message": "Model training started in background",
                "model_type": training.model_type.slug,
            }
        )


@extend_schema(tags=[TAG])
class TrainingStatus(OfOrganisation, APIView):
    """Where the latest training stands, and how good its model is for those who leave.

    For developers only. Users find the models that serve them at `/api/v1/models`.
    """

    permission_classes = [IsDeveloper]

    @extend_schema(
        responses=StatusOutput,
        parameters=[
            OpenApiParameter(
                "model_type",
                enum=LOG_TYPES,
                description="Only the latest training of this type; by default the latest of any type.",
            ),
            LOG_BASE,
        ],
    )
    def get(self, request, org):
        company, wanted = request.member.company, request.query_params.get("model_type")
        training = latest_feature_training(
            company,
            log_base_or_404(company, request.query_params.get("base", "")),
            model_type=wanted and read_model_type(wanted),
        )
        log = training and training.matrix and training.matrix.analysis
        rows_read = account_of_log(request, log) if log else None
        return Response(describe_training(training) | {"rows_read": rows_read})


def describe_training(training):
    """Return the latest training as the second API tells it; also where there is none."""
    told = {
        "status": training_status(training.job if training else None),
        "model_type": training.model_type.slug if training else None,
        "version": training.version.version if training and training.version else None,
        **dict.fromkeys(FIGURES),
        "training_samples": training.training_samples if training else None,
        "churn_rate": _rounded(training.churn_rate) if training else None,
        "trained_at": None,
        "error_message": _error_of(training.job) if training else None,
        "warnings": ((training and training.report) or {}).get("warnings", []),
        "report": training.report if training else None,
    }
    if training and training.version:
        told |= _figures(training.version.metrics)
        told["trained_at"] = training.version.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return told


def _figures(metrics):
    churners = figures_of_churners(metrics.additional_metrics)
    return {
        "accuracy": _rounded(metrics.accuracy),
        "precision": _rounded(churners["precision"]),
        "recall": _rounded(churners["recall"]),
        "f1_score": _rounded(churners["f1"]),
        "roc_auc": _rounded(churners["auc"]),
    }


def _rounded(value):
    return None if value is None else round(value, DIGITS)


def _error_of(job):
    if job.state == Job.State.CANCELLED:
        return "The training was cancelled."
    return (job.error or {}).get("message") if job.state == Job.State.FAILED else None
