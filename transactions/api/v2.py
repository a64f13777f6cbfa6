"""Purchase logs in the words of the second API: ``/api/v1/churn/v2/organizations/<org>/``."""

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from companies.access import IsMember
from companies.models import Scope
from companies.organisations import OfOrganisation
from core.files.store import file_url
from intake.api import IDEMPOTENCY_KEY, TakesUpload, refusals
from ml.logs.features.catalogue import FEATURE_SETS
from transactions.api.bases import LogBaseInput, named_bases
from transactions.selectors import analysis_of_dataset, status_of
from transactions.services.processing import process_features
from transactions.services.uploads import start_analysis

TAG = "churn v2"


class UploadInput(LogBaseInput):
    file = serializers.FileField(
        allow_empty_file=True, help_text="CSV or XLSX with customer_id, event_date, amount, event_type."
    )
    has_churn_label = serializers.BooleanField(
        allow_null=True,
        default=None,
        help_text="Whether a column churn_label says who left. Not sent: whether there is such a column.",
    )


class UploadOutput(serializers.Serializer):
    success = serializers.BooleanField()
    dataset_id = serializers.UUIDField()
    file_url = serializers.URLField(help_text="Opens the file without a login, for a while.")
    row_count = serializers.IntegerField()
    status = serializers.ChoiceField(("uploaded", "processing", "ready", "error"))
    message = serializers.CharField()


class ProcessOutput(serializers.Serializer):
    success = serializers.BooleanField()
    message = serializers.CharField()
    dataset_id = serializers.UUIDField()


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
            }
        )


class ProcessInput(serializers.Serializer):
    feature_set = serializers.ChoiceField(
        tuple(FEATURE_SETS),
        default="rfm_v2",
        help_text="Which features; the eight called rfm_v2 where it is not sent.",
    )


@extend_schema(tags=[TAG])
class ProcessFeatures(OfOrganisation, APIView):
    """Compute the features of a purchase log; the answer comes at once, the features later."""

    permission_classes = [IsMember.with_scope(Scope.TRAIN)]

    @extend_schema(request=ProcessInput, responses=ProcessOutput)
    def post(self, request, org, dataset):
        wanted = ProcessInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        analysis = analysis_of_dataset(request.member.company, dataset)
        if analysis is None:
            raise Http404
        process_features(
            analysis=analysis, by=request.member.account, at=timezone.now(), **wanted.validated_data
        )
        return Response(
            {
                "success": True,
                "message": "Feature engineering started in background",
                "dataset_id": str(analysis.dataset.uuid),
            }
        )
