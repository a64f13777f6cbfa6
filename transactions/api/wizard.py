"""`/api/v1/upload` and `/api/v1/configure`: a log in two calls, in the words of the advisor's interface."""

from datetime import timedelta

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from companies.access import IsMember
from companies.models import Scope
from core.api import KnownFields
from core.errors import DomainError
from intake.api import (
    IDEMPOTENCY_KEY,
    ReadingInput,
    RowsRead,
    TableField,
    TakesUpload,
    UploadRefusal,
    refusals,
)
from jobs.models import Job
from jobs.waiting import see_through
from ml.logs.profile.score import MINIMUM_CUSTOMERS, MINIMUM_RECORDS
from tabular.previews.preview import Preview
from tabular.values.event_words import MEANINGS
from transactions.api.bases import LogBaseInput, named_bases
from transactions.api.rows import account_of_log
from transactions.selectors import analyses_for
from transactions.services.configuration import check_days, configure_analysis
from transactions.services.importing import start_import
from transactions.services.uploads import start_analysis

PREVIEW_ROWS = 5
# A time of day alone is no datetime.
TYPES = {"date": "datetime", "time": "string", "number": "float", "text": "string", "blank": "string"}
# Numbers that name something are no quantities.
NAMES = ("customer_id", "order_id", "product", "category", "event_type")
# What this interface calls the roles of columns, beside our own words for them.
ROLES = {"date": "event_at"}
PATIENCE = timedelta(minutes=10)


class LogCouldNotBeRead(DomainError):
    code = "log-could-not-be-read"
    http_status = 422


class SentLog(ReadingInput, LogBaseInput):
    file = TableField(help_text="CSV or XLSX, one row per purchase or visit.")


class SeenLog(serializers.Serializer):
    upload_id = serializers.UUIDField()
    filename = serializers.CharField()
    rows = serializers.IntegerField()
    columns = serializers.ListField(child=serializers.CharField())
    preview = serializers.ListField(child=serializers.DictField(), help_text="The first 5 rows.")
    detected_types = serializers.DictField(
        child=serializers.CharField(), help_text="string, datetime or float for each column."
    )
    dataset_id = serializers.UUIDField(
        help_text="The id of the log at `/api/v1/churn/v2/organizations/{org}/datasets/{dataset}`, where "
        "its state stands."
    )
    rows_read = RowsRead()


class ConfigureInput(KnownFields):
    upload_id = serializers.UUIDField()
    column_mapping = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        help_text="Which column holds what. Needed are customer_id and date; also amount (visits have none), "
        "time (of day, where the dates have none), product, category, order_id, quantity, unit_price, "
        "discount, event_type, label.",
    )
    churn_threshold_days = serializers.IntegerField(
        help_text="After how many days without a purchase a customer counts as lost: 30 to 180."
    )
    date_order = serializers.ChoiceField(
        ("DMY", "MDY"),
        required=False,
        help_text="The order of day and month. Needed if dates like 01/02/2024 leave it open.",
    )
    decimal = serializers.ChoiceField(
        (".", ","), required=False, help_text="The decimal sign. Needed if numbers like 1.234 leave it open."
    )
    event_types = serializers.DictField(
        child=serializers.ChoiceField(MEANINGS),
        required=False,
        help_text='What words of the event type mean, if they are not recognised as you mean them: {"on '
        'hold": "neither"}.',
    )


class ValidationResults(serializers.Serializer):
    has_required_columns = serializers.BooleanField()
    min_records = serializers.BooleanField(help_text="At least 500 records.")
    min_customers = serializers.BooleanField(help_text="At least 100 customers.")
    quality_score = serializers.FloatField(allow_null=True, help_text="0 to 10.")


class ConfigureOutput(serializers.Serializer):
    session_id = serializers.UUIDField()
    status = serializers.CharField()
    validation_results = ValidationResults()
    rows_read = RowsRead()


@extend_schema(tags=["purchase-logs"])
class Upload(TakesUpload, APIView):
    """Send a purchase log; see what was recognised in it."""

    permission_classes = [IsMember.with_scope(Scope.PREDICT, Scope.TRAIN)]

    @extend_schema(
        operation_id="upload",
        request={"multipart/form-data": SentLog},
        responses={200: SeenLog, **refusals()},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request):
        wanted = SentLog(data=request.data)
        wanted.is_valid(raise_exception=True)
        analysis = start_analysis(
            member=request.member,
            upload=wanted.validated_data["file"],
            encoding=wanted.validated_data["encoding"],
            sheet=wanted.validated_data["sheet"],
            **named_bases(request.member, wanted.validated_data),
            idempotency_key=request.headers.get("Idempotency-Key"),
            at=timezone.now(),
        )
        preview = Preview.from_dict(analysis.preview)
        guesses = analysis.preview["guesses"]
        names = {guesses[role]["column"] for role in NAMES if role in guesses}
        return Response(
            {
                "upload_id": str(analysis.pk),
                "filename": analysis.dataset.original_filename,
                "rows": preview.rows_in_file,
                "columns": list(preview.header),
                "preview": [_row(row, preview, names) for row in preview.rows[:PREVIEW_ROWS]],
                "detected_types": {
                    column.name: "string" if column.name in names else TYPES[column.kind]
                    for column in preview.columns
                },
                "dataset_id": str(analysis.dataset.uuid),
                "rows_read": account_of_log(request, analysis),
            }
        )


@extend_schema(tags=["purchase-logs"])
class Configure(APIView):
    """Say what the columns of a log mean and when a customer is lost. Then the log is read and described."""

    permission_classes = [IsMember.with_scope(Scope.PREDICT, Scope.TRAIN)]

    @extend_schema(
        operation_id="configure",
        request=ConfigureInput,
        responses={
            200: ConfigureOutput,
            404: OpenApiResponse(description="There is no such upload."),
            409: OpenApiResponse(UploadRefusal, description="It is being read, or features were made of it."),
            422: OpenApiResponse(UploadRefusal, description="A column cannot be what it is said to be."),
        },
    )
    def post(self, request):
        wanted = ConfigureInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        chosen = wanted.validated_data
        analysis = get_object_or_404(analyses_for(request.member), pk=chosen["upload_id"])
        check_days(horizon_days=chosen["churn_threshold_days"])
        analysis = start_import(
            analysis=analysis,
            mapping={ROLES.get(role, role): name for role, name in chosen["column_mapping"].items() if name},
            date_order=chosen.get("date_order"),
            decimal=chosen.get("decimal"),
            meanings=chosen.get("event_types"),
            by=request.member.account,
            at=timezone.now(),
        )
        _wait_for(analysis.job)
        analysis = analyses_for(request.member).get(pk=analysis.pk)
        configure_analysis(
            analysis=analysis,
            horizon_days=chosen["churn_threshold_days"],
            by=request.member.account,
            at=timezone.now(),
        )
        return Response(
            {
                "session_id": str(analysis.pk),
                "status": "configured",
                "validation_results": _judge(analysis),
                "rows_read": account_of_log(request, analysis),
            }
        )


def _row(row, preview, names):
    """Return a row of the preview as it was read; what names something stays as it was written."""
    cells = zip(preview.columns, row["texts"], row["values"], strict=True)
    return {
        column.name: text if column.name in names or column.kind in ("text", "blank") else value
        for column, text, value in cells
    }


def _wait_for(job):
    """See the job through: who asked gets the whole answer."""
    job = see_through(job, patience=PATIENCE)
    if not job.has_ended:
        raise LogCouldNotBeRead(
            "The log is still being read. Look at /api/v1/jobs for its progress.", http_status=503
        )
    if job.state == Job.State.SUCCEEDED:
        return
    error = job.error or {"message": "The reading of the log was cancelled."}
    extra = {key: error[key] for key in ("kind", "line", "column") if key in error}
    raise LogCouldNotBeRead(error["message"], code=error.get("code"), extra=extra)


def _judge(analysis):
    report, profile = analysis.import_report, analysis.profile
    return {
        # The columns were taken, or the log would have been refused.
        "has_required_columns": True,
        "min_records": report["accepted"] >= MINIMUM_RECORDS,
        "min_customers": report["customers"] >= MINIMUM_CUSTOMERS,
        "quality_score": profile["quality"]["score"] if profile else None,
    }
