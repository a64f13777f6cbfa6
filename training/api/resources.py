from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from companies.access import IsDeveloper
from companies.models import Scope
from companies.services.conditions import LONGEST_REASON
from core.downloads import CSV
from core.errors import NotFound
from core.files.media import send_media
from intake.api import (
    IDEMPOTENCY_KEY,
    NoRowsLeftOut,
    RowsRead,
    TableField,
    TableInput,
    TakesUpload,
    refusals,
)
from intake.services.stored import rejects_of
from jobs.api import PROGRESS, WHY_IT_FAILED
from registry.access import named_base_or_404
from registry.api.deployments import BaseInput
from registry.api.models import WARNING
from registry.models import Dataset
from registry.presenting.signal import warning_about
from training.api.rows import account_of_dataset, account_of_run
from training.models import TrainingRun
from training.presenting.searches import show_search
from training.selectors import datasets_for, trained_on, training_runs_for
from training.services.retraining import start_retraining

# What a run remembers of its file for the installation alone.
INTERNAL = ("spec", "kept_as")


class DatasetOutput(serializers.ModelSerializer):
    kind = serializers.SerializerMethodField(help_text="original, upload or combined.")
    rows = serializers.IntegerField(source="row_count")
    churned = serializers.IntegerField(source="churn_count", allow_null=True)
    holds_invented = serializers.BooleanField(
        read_only=True,
        help_text="Whether it holds invented customers, like the original data set of the installation.",
    )
    made_from = serializers.SerializerMethodField(help_text="Ids of the data sets that it was made from.")
    rows_read = serializers.SerializerMethodField(
        help_text="What became of the rows of the file; null for a data set that was made here."
    )

    class Meta:
        model = Dataset
        fields = (
            "id", "name", "kind", "original_filename", "rows", "churned", "holds_invented", "size_bytes",
            "sha256", "made_from", "rows_read", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_kind(self, dataset) -> str:
        if dataset.is_combined:
            return "combined"
        return "upload" if dataset.is_uploaded else "original"

    @extend_schema_field(RowsRead(allow_null=True))
    def get_rows_read(self, dataset):
        return account_of_dataset(self.context["request"], dataset)

    def get_made_from(self, dataset) -> list[int]:
        if not dataset.is_combined:
            return []
        return [pk for pk in (dataset.parent_dataset_id, dataset.added_dataset_id) if pk]


class DatasetDetailOutput(DatasetOutput):
    versions = serializers.SerializerMethodField(help_text="Ids of the models that learned from it.")

    class Meta(DatasetOutput.Meta):
        fields = (*DatasetOutput.Meta.fields, "versions")
        read_only_fields = fields

    def get_versions(self, dataset) -> list[int]:
        return [version.pk for version in trained_on(dataset, self.context["request"].member.company)]


@extend_schema(tags=["datasets"])
class DatasetList(generics.ListAPIView):
    """The tables of customers of your company, latest first; purchase logs are listed by the V2 API."""

    permission_classes = [IsDeveloper]
    serializer_class = DatasetOutput
    queryset = Dataset.objects.none()

    def get_queryset(self):
        return datasets_for(self.request.member)


@extend_schema(tags=["datasets"])
class DatasetDetail(generics.RetrieveAPIView):
    """One data set of your company, and which models learned from it."""

    permission_classes = [IsDeveloper]
    serializer_class = DatasetDetailOutput
    queryset = Dataset.objects.none()

    def get_queryset(self):
        return datasets_for(self.request.member)


class RetrainingOutput(serializers.ModelSerializer):
    id = serializers.UUIDField(source="uuid")
    person = serializers.SerializerMethodField(
        help_text="E-mail of the developer; null if they have left the company."
    )
    base = serializers.UUIDField(source="population.uuid", help_text="The customer base that was retrained.")
    model_type = serializers.CharField(source="model_type.slug")
    state = serializers.CharField(source="job.state")
    job = serializers.UUIDField(source="job_id", help_text=PROGRESS)
    error = serializers.JSONField(source="job.error", allow_null=True, help_text=WHY_IT_FAILED)
    read = serializers.SerializerMethodField(help_text="rows_in = accepted + duplicates + rejected.")
    rows_read = serializers.SerializerMethodField(help_text="What became of the rows of the file.")
    model = serializers.IntegerField(
        source="version_id", allow_null=True, help_text="The new model; null until the job is done."
    )
    warning = serializers.SerializerMethodField(help_text=f"{WARNING} Empty too until the job is done.")
    combination = serializers.JSONField(
        allow_null=True,
        help_text="What became of the customers of both tables; null until the job is done. `twins` of the "
        "file equal another customer in every column that the model reads, under another id: they stand on "
        "one side of the test, and count once as evidence. 0 where different people are equal by chance.",
    )
    upload_dataset = serializers.IntegerField(source="upload_dataset_id", allow_null=True)
    combined_dataset = serializers.IntegerField(source="combined_dataset_id", allow_null=True)
    parent_dataset = serializers.IntegerField(source="parent_dataset_id", allow_null=True)

    class Meta:
        model = TrainingRun
        fields = (
            "id", "reason", "person", "base", "model_type", "warm_start", "state", "job", "error",
            "original_filename", "read", "rows_read", "model", "warning", "upload_dataset",
            "combined_dataset", "parent_dataset", "combination", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_person(self, run) -> str | None:
        return run.developer.account.email if run.developer else None

    def get_read(self, run) -> dict:
        return {key: value for key, value in run.input_data.items() if key not in INTERNAL}

    def get_warning(self, run) -> str:
        return warning_about(run.version)

    @extend_schema_field(RowsRead)
    def get_rows_read(self, run):
        return account_of_run(self.context["request"], run)


class RetrainingDetailOutput(RetrainingOutput):
    comparison = serializers.JSONField(
        allow_null=True, help_text="The new model beside the one that served and v1; null until it is done."
    )

    class Meta(RetrainingOutput.Meta):
        fields = (*RetrainingOutput.Meta.fields, "comparison")
        read_only_fields = fields


class RetrainingInput(TableInput, BaseInput):
    file = TableField(help_text="CSV or XLSX, one row per customer, with the outcome.")
    reason = serializers.CharField(
        max_length=LONGEST_REASON, help_text="Why you retrain. It is kept beside the model."
    )
    model_type = serializers.CharField(
        default=None,
        help_text="The type of model to train, for a customer base of your company, or `automl`: the best of "
        "several. By default that of the latest training.",
    )


@extend_schema(tags=["retrainings"])
class Retrainings(TakesUpload, generics.ListAPIView):
    """The retrainings of your company, latest first; POST starts one."""

    permission_classes = [IsDeveloper.with_scope(Scope.TRAIN)]
    serializer_class = RetrainingOutput
    queryset = TrainingRun.objects.none()

    def get_queryset(self):
        return self.request.member.company.training_runs.of_customers().listed_for_programs()

    @extend_schema(
        request={"multipart/form-data": RetrainingInput},
        responses={201: RetrainingOutput, **refusals({409: "There is nothing to add the file to yet."})},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request):
        wanted = RetrainingInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data
        run = start_retraining(
            member=request.member,
            upload=said["file"],
            reason=said["reason"],
            population=named_base_or_404(request.member.company, said["base"]),
            model_type=said["model_type"],
            bad_rows=said["bad_rows"],
            encoding=said["encoding"],
            sheet=said["sheet"],
            idempotency_key=request.headers.get("Idempotency-Key"),
            at=timezone.now(),
        )
        run = get_object_or_404(training_runs_for(request.member), pk=run.pk)
        answer = Response(RetrainingOutput(run, context={"request": request}).data, status=201)
        answer.headers["Location"] = reverse("training:api_run", args=(run.uuid,))
        return answer


@extend_schema(tags=["retrainings"])
class Retraining(generics.RetrieveAPIView):
    """One retraining: what was read, where it stands, and whether the new model is better."""

    permission_classes = [IsDeveloper]
    serializer_class = RetrainingDetailOutput
    queryset = TrainingRun.objects.none()
    lookup_field = "uuid"
    lookup_url_kwarg = "run"

    def get_queryset(self):
        return training_runs_for(self.request.member)


class TriedTypeOutput(serializers.Serializer):
    """One type of model that was tried."""

    model_type = serializers.CharField()
    state = serializers.CharField(help_text="waits, is tried, tried or failed.")
    said = serializers.CharField(help_text="Why it failed, or what limits what it says; often empty.")
    rank = serializers.IntegerField(allow_null=True, help_text="1 learns; null until all are ranked.")
    score = serializers.FloatField(allow_null=True, help_text="What they are ranked by, from 0 to 1.")
    level_with_first = serializers.BooleanField(
        help_text="Whether it is not told apart from the first: the difference may be chance."
    )
    parameters = serializers.JSONField(help_text="The best settings that were tried.")
    figures = serializers.JSONField(
        help_text="Out of fold, on the customers that are learned from; empty until it was tried."
    )
    intervals = serializers.JSONField(help_text="95 % intervals of some of them.")
    seconds = serializers.FloatField(allow_null=True)


class SearchOutput(serializers.Serializer):
    """The search for the best type of one training."""

    goes_on = serializers.BooleanField()
    sentences = serializers.ListField(child=serializers.CharField())
    types = TriedTypeOutput(many=True)


class NoSearchHere(NotFound):
    code = "no-search"


@extend_schema(tags=["retrainings"], responses=SearchOutput)
class RetrainingSearch(APIView):
    """The types that were tried where `automl` was asked for, the best first; also while it goes on."""

    permission_classes = [IsDeveloper]

    def get(self, request, run):
        run = get_object_or_404(training_runs_for(request.member), uuid=run)
        if run.found_search is None:
            raise NoSearchHere(
                f"The type was chosen by hand: {run.model_type.slug}. Ask for `automl` to have several tried."
            )
        page = show_search(run.search, at=timezone.now())
        return Response(SearchOutput(page).data)


class RejectedRows(APIView):
    """The rows of the file that were left out, each with its line and why; 404 where none were."""

    permission_classes = [IsDeveloper]

    @extend_schema(tags=["retrainings"], responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request, run):
        run = get_object_or_404(training_runs_for(request.member), uuid=run)
        if not run.input_data.get("rejected"):
            raise NoRowsLeftOut(f"No row of {run.original_filename} was left out. Use the file as it is.")
        return send_media(request, rejects_of(run.upload_path), filename="left-out.csv", content_type=CSV)
