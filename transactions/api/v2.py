"""Purchase logs in the words of the second API: ``/api/v1/churn/v2/organizations/<org>/``."""

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from companies.access import IsMember
from companies.models import Scope
from companies.organisations import OfOrganisation
from core.api import KnownFields
from core.downloads import CSV, plain_name
from core.files.store import file_url, send_object
from core.files.stored import DATASETS
from intake.api import (
    IDEMPOTENCY_KEY,
    NoRowsLeftOut,
    ReadingInput,
    RowsRead,
    TableField,
    TakesUpload,
    refusals,
)
from jobs.api import PROGRESS
from ml.logs.features.catalogue import FEATURE_SETS
from transactions.api.bases import LogBaseInput, named_bases
from transactions.api.rows import account_of_log
from transactions.models import AnalysisSession
from transactions.selectors import (
    analysis_of_dataset,
    listed_analyses_for,
    matrices_of,
    status_of,
    status_of_features,
    why_it_failed,
)
from transactions.services.processing import process_features
from transactions.services.uploads import start_analysis

TAG = "churn v2"
FILE_LINK = "A link that opens the file without a login for a limited time."
STATES = ("uploaded", "processing", "ready", "error")


class UploadInput(ReadingInput, LogBaseInput):
    file = TableField(
        help_text="CSV or XLSX with customer_id, event_date, amount (visits have none), event_type."
    )
    has_churn_label = serializers.BooleanField(
        allow_null=True,
        default=None,
        help_text="Whether a column churn_label says who left; by default it does if there is one.",
    )


class UploadOutput(serializers.Serializer):
    success = serializers.BooleanField()
    dataset_id = serializers.UUIDField()
    file_url = serializers.URLField(help_text=FILE_LINK)
    row_count = serializers.IntegerField()
    status = serializers.ChoiceField(STATES)
    message = serializers.CharField()
    rows_read = RowsRead()


class ProcessOutput(serializers.Serializer):
    success = serializers.BooleanField()
    message = serializers.CharField()
    dataset_id = serializers.UUIDField()
    job = serializers.UUIDField(help_text=PROGRESS)
    rows_read = RowsRead()


class FailureOutput(serializers.Serializer):
    code = serializers.CharField(help_text="For programs.")
    message = serializers.CharField(help_text="What happened and what to do.")


class FeaturesOutput(serializers.Serializer):
    dataset_id = serializers.UUIDField(
        allow_null=True,
        help_text="The id of the features, which is part of the name of their file; null "
        "until they are computed.",
    )
    feature_set = serializers.CharField()
    status = serializers.ChoiceField(STATES)
    file_name = serializers.CharField(allow_null=True, help_text="features_{dataset_id}.csv.")
    file_url = serializers.URLField(allow_null=True, help_text=FILE_LINK)
    row_count = serializers.IntegerField(
        allow_null=True, help_text="How many rows the file has: one for each customer."
    )
    has_churn_label = serializers.BooleanField(allow_null=True, help_text="Whether it says who left.")


class ListedLogOutput(serializers.Serializer):
    dataset_id = serializers.UUIDField()
    filename = serializers.CharField()
    status = serializers.ChoiceField(STATES)
    has_churn_label = serializers.BooleanField(
        allow_null=True,
        help_text="Whether a column says who left; null if nobody said so and the meaning "
        "of the columns is not confirmed yet.",
    )
    row_count = serializers.IntegerField()
    created_at = serializers.DateTimeField(help_text="When it was sent.")
    error = FailureOutput(allow_null=True, help_text="Why it failed, if the status is `error`.")
    rows_read = RowsRead()


class LogOutput(ListedLogOutput):
    file_url = serializers.URLField(help_text=FILE_LINK)
    features = FeaturesOutput(many=True, help_text="What was computed from it, latest first.")


@extend_schema(tags=[TAG])
class UploadDataset(OfOrganisation, TakesUpload, APIView):
    """Send a purchase log: one row per event."""

    permission_classes = [IsMember.with_scope(Scope.TRAIN)]

    @extend_schema(
        request={"multipart/form-data": UploadInput},
        responses={200: UploadOutput, **refusals()},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request, org):
        wanted = UploadInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        analysis = start_analysis(
            member=request.member,
            upload=wanted.validated_data["file"],
            has_churn_label=wanted.validated_data["has_churn_label"],
            encoding=wanted.validated_data["encoding"],
            sheet=wanted.validated_data["sheet"],
            **named_bases(request.member, wanted.validated_data),
            idempotency_key=request.headers.get("Idempotency-Key"),
            at=timezone.now(),
        )
        dataset = analysis.dataset
        return Response(
            {
                "success": True,
                "dataset_id": str(dataset.uuid),
                "file_url": file_url(dataset.bucket_name, dataset.file_path),
                "row_count": dataset.row_count,
                "status": status_of(analysis),
                "message": "Dataset uploaded successfully to storage",
                "rows_read": account_of_log(request, analysis),
            }
        )


@extend_schema(tags=[TAG])
class DatasetList(OfOrganisation, generics.GenericAPIView):
    """The purchase logs of your company, latest first, and how each of them stands."""

    permission_classes = [IsMember]
    serializer_class = ListedLogOutput
    queryset = AnalysisSession.objects.none()

    @extend_schema(responses=ListedLogOutput(many=True))
    def get(self, request, org):
        page = self.paginate_queryset(listed_analyses_for(request.member))
        return self.get_paginated_response([_tell_log(request, analysis) for analysis in page])


@extend_schema(tags=[TAG])
class DatasetDetail(OfOrganisation, APIView):
    """How a purchase log stands, what was read of it, and where its features are."""

    permission_classes = [IsMember]

    @extend_schema(responses=LogOutput)
    def get(self, request, org, dataset):
        analysis = find_log(request, dataset)
        stored = analysis.dataset
        return Response(
            {
                **_tell_log(request, analysis),
                "file_url": file_url(stored.bucket_name, stored.file_path),
                "features": [_tell_features(matrix) for matrix in matrices_of(analysis)],
            }
        )


@extend_schema(tags=[TAG])
class RejectedRows(OfOrganisation, APIView):
    """The rows of a purchase log that were left out, each with its line and why; 404 where none were."""

    permission_classes = [IsMember]

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request, org, dataset):
        analysis = find_log(request, dataset)
        if not analysis.rejects_path:
            raise NoRowsLeftOut(
                f"No row of “{analysis}” was left out, or its rows were not read yet. "
                "Look at the state of the data set first."
            )
        name = plain_name(analysis.dataset.name.rpartition(".")[0] or analysis.dataset.name, "-left-out.csv")
        return send_object(request, DATASETS, analysis.rejects_path, filename=name, content_type=CSV)


class ProcessInput(KnownFields):
    feature_set = serializers.ChoiceField(
        tuple(FEATURE_SETS),
        default="rfm_v2",
        help_text="Which set of features to compute; by default rfm_v2, which has eight.",
    )


@extend_schema(tags=[TAG])
class ProcessFeatures(OfOrganisation, APIView):
    """Compute the features of a purchase log; the answer comes at once, the features later."""

    permission_classes = [IsMember.with_scope(Scope.TRAIN)]

    @extend_schema(request=ProcessInput, responses=ProcessOutput)
    def post(self, request, org, dataset):
        wanted = ProcessInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        analysis = find_log(request, dataset)
        matrix = process_features(
            analysis=analysis, by=request.member.account, at=timezone.now(), **wanted.validated_data
        )
        return Response(
            {
                "success": True,
                "message": "Feature engineering started in background",
                "dataset_id": str(analysis.dataset.uuid),
                "job": str(matrix.job_id),
                "rows_read": account_of_log(request, analysis),
            }
        )


def find_log(request, dataset) -> AnalysisSession:
    analysis = analysis_of_dataset(request.member.company, dataset)
    if analysis is None:
        raise Http404
    return analysis


def _tell_log(request, analysis):
    stored = analysis.dataset
    return {
        "dataset_id": str(stored.uuid),
        "filename": stored.original_filename,
        "status": status_of(analysis),
        "has_churn_label": stored.has_churn_label,
        "row_count": stored.row_count,
        "created_at": analysis.created_at,
        "error": why_it_failed(analysis),
        "rows_read": account_of_log(request, analysis),
    }


def _tell_features(matrix):
    stored = matrix.dataset
    return {
        "dataset_id": stored and str(stored.uuid),
        "feature_set": matrix.feature_set,
        "status": status_of_features(matrix),
        "file_name": stored and stored.original_filename,
        "file_url": stored and file_url(stored.bucket_name, stored.file_path),
        "row_count": stored and stored.row_count,
        "has_churn_label": stored and stored.has_churn_label,
    }
