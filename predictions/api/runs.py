from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
)
from rest_framework import generics, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from companies.access import IsDeveloper, IsMember
from companies.models import Scope
from core.downloads import CSV, plain_name, send_pieces
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
from predictions import files
from predictions.api.logs import LogRunInput, find_offered, start_log_run
from predictions.api.rows import account_of_run, logs_behind
from predictions.engines.queries import read_query
from predictions.engines.results import CHANGE, CUSTOMER, LINE, OUTCOME, PROBABILITY, TIER
from predictions.models import Prediction
from predictions.presenting.summary import Findings
from predictions.selectors import list_beside, open_table, predictions_for, thresholds_of
from predictions.services import exports
from predictions.services.changing import delete_prediction, rename_prediction
from predictions.services.runs import start_prediction
from registry.api.models import MODEL_ID
from registry.presenting.signal import warning_about

MOST_ROWS = 1_000
OF_COLLEAGUE = "A colleague made it (`not-your-prediction`)."


class BaseOutput(serializers.Serializer):
    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()
    currency = serializers.CharField(
        help_text="The currency of amounts such as `revenue_at_risk` in the summary; empty if nobody named "
        "one."
    )


class RenameInput(serializers.Serializer):
    name = serializers.CharField(
        max_length=255,
        allow_blank=True,
        help_text="The new name. It need not be unique.",
    )


class RunOutput(serializers.ModelSerializer):
    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField(source="prediction_name")
    base = BaseOutput(source="population", help_text="The customer base whose customers these are.")
    model = serializers.SerializerMethodField(help_text="Id and name of the version that scored.")
    person = serializers.EmailField(source="account.email")
    state = serializers.CharField(source="job.state")
    job = serializers.UUIDField(source="job_id", help_text=PROGRESS)
    error = serializers.JSONField(source="job.error", allow_null=True, help_text=WHY_IT_FAILED)
    read = serializers.SerializerMethodField(
        help_text="rows_in = accepted + duplicates + rejected, and what was odd about the file."
    )
    rows_read = serializers.SerializerMethodField(
        help_text="What became of the rows of the file; of a purchase log, of those of the log."
    )
    as_of = serializers.DateField(
        allow_null=True,
        help_text="The day from which the dates of the file were counted back; null where no column holds "
        "dates. Of a log it stands in the summary.",
    )
    warning = serializers.SerializerMethodField(
        help_text="What is to be known first, in sentences: that the model is not shown to rank customers "
        "better than chance or than a single column, that it names too many, that days of the log may be "
        "missing, or that the model learned from days after its end; else empty."
    )
    summary = serializers.JSONField(
        source="result",
        allow_null=True,
        help_text="The figures of the result; null until the job is done. `churners` are named, from a "
        "probability of `threshold` on; about `expected_named` of them are expected to leave. A threshold "
        "above 1 names nobody.",
    )
    result_url = serializers.SerializerMethodField(
        help_text="Where the result can be fetched as CSV; null until the job is done."
    )

    class Meta:
        model = Prediction
        fields = (
            "id", "name", "base", "model", "deployment", "person", "state", "job", "error",
            "original_filename", "read", "rows_read", "as_of", "warning", "summary", "result_url",
            "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_model(self, run) -> dict:
        return {"id": run.model_id, "name": str(run.model)}

    def get_read(self, run) -> dict:
        return {key: value for key, value in run.input_data.items() if key not in ("spec", "schema")}

    def get_warning(self, run) -> str:
        return " ".join(Findings(run).warnings) if run.is_done else warning_about(run.model)

    @extend_schema_field(RowsRead(allow_null=True))
    def get_rows_read(self, run):
        logs = self.context["logs"] if "logs" in self.context else logs_behind([run])
        return account_of_run(self.context["request"], run, logs)

    def get_result_url(self, run) -> str | None:
        if not run.is_done:
            return None
        return self.context["request"].build_absolute_uri(reverse("predictions:api_result", args=(run.uuid,)))


class RunInput(TableInput):
    name = serializers.CharField(
        max_length=255, help_text="The name of the prediction. It need not be unique."
    )
    model = serializers.IntegerField(help_text=MODEL_ID)
    base = serializers.UUIDField(
        required=False,
        help_text="The customer base. It follows from the model; if you send it, a model of other "
        "customers is refused.",
    )
    file = TableField(help_text="CSV or XLSX, one row per customer.")
    as_of = serializers.DateField(
        required=False,
        help_text="The day from which the dates of the file are counted back; default: the latest date in "
        "the file. Send it along with a part of a list, or one customer, to score it as the whole list.",
    )


class RunFilter(filters.FilterSet):
    base = filters.UUIDFilter("population__uuid", label="UUID of a customer base.")

    class Meta:
        model = Prediction
        fields = ("base",)


@extend_schema(tags=["prediction-runs"])
class PredictionRuns(TakesUpload, generics.ListAPIView):
    """The predictions of your company, latest first; POST starts one."""

    permission_classes = [IsMember.with_scope(Scope.PREDICT)]
    serializer_class = RunOutput
    filter_backends = [filters.DjangoFilterBackend]
    filterset_class = RunFilter
    queryset = Prediction.objects.none()

    def get_queryset(self):
        return predictions_for(self.request.member).with_figures()

    def get_serializer(self, runs=None, **options):
        # The logs of a whole page are looked up at once.
        context = options.pop("context", None) or self.get_serializer_context()
        return RunOutput(runs, context=context | {"logs": logs_behind(runs or ())}, **options)

    @extend_schema(
        request={
            "multipart/form-data": PolymorphicProxySerializer(
                component_name="PredictionRunInput",
                serializers=[RunInput, LogRunInput],
                resource_type_field_name=None,
            )
        },
        responses={201: RunOutput, **refusals({409: "No model serves the customers of the log yet."})},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request):
        wanted = (LogRunInput if "log" in request.data else RunInput)(data=request.data)
        wanted.is_valid(raise_exception=True)
        start = start_log_run if "log" in wanted.validated_data else _start_run
        run = start(
            member=request.member,
            wanted=wanted.validated_data,
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        answer = Response(RunOutput(run, context={"request": request}).data, status=201)
        answer.headers["Location"] = reverse("predictions:api_run", args=(run.uuid,))
        return answer


def _start_run(*, member, wanted, idempotency_key):
    return start_prediction(
        member=member,
        name=wanted["name"],
        version=find_offered(member, wanted),
        upload=wanted["file"],
        bad_rows=wanted["bad_rows"],
        as_of=wanted.get("as_of"),
        encoding=wanted["encoding"],
        sheet=wanted["sheet"],
        idempotency_key=idempotency_key,
        at=timezone.now(),
    )


@extend_schema(tags=["prediction-runs"])
class PredictionRun(generics.RetrieveAPIView):
    """One prediction: what was read, where it stands, and what came out. PATCH renames it, DELETE deletes it.

    Who made the prediction may do both, and the developer may with every prediction of the company.
    """

    permission_classes = [IsMember.with_scope(Scope.PREDICT)]
    serializer_class = RunOutput
    queryset = Prediction.objects.none()
    lookup_field = "uuid"
    lookup_url_kwarg = "run"

    def get_queryset(self):
        return predictions_for(self.request.member).with_figures()

    @extend_schema(
        request=RenameInput,
        responses={200: RunOutput, 403: OpenApiResponse(description=OF_COLLEAGUE)},
    )
    def patch(self, request, run):
        found = self.get_object()
        wanted = RenameInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        renamed = rename_prediction(
            prediction=found, name=wanted.validated_data["name"], by=request.member, at=timezone.now()
        )
        return Response(self.get_serializer(renamed).data)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "confirm_name",
                required=True,
                description="The name of the prediction, to confirm that it is this one that goes.",
            )
        ],
        responses={
            204: None,
            403: OpenApiResponse(description=OF_COLLEAGUE),
            409: OpenApiResponse(
                description="It is still being calculated (`prediction-is-running`). Cancel its job first."
            ),
            422: OpenApiResponse(description="`confirm_name` is another name (`name-differs`)."),
        },
    )
    def delete(self, request, run):
        delete_prediction(
            prediction=self.get_object(),
            typed=request.query_params.get("confirm_name", ""),
            by=request.member,
            at=timezone.now(),
        )
        return Response(status=204)


class CustomerRow(serializers.Serializer):
    customer = serializers.CharField()
    probability = serializers.FloatField(help_text="The calibrated chance of leaving, not rounded.")
    risk_tier = serializers.CharField()
    line = serializers.IntegerField(help_text="The line of the uploaded file on which the customer stands.")
    change = serializers.CharField(
        required=False,
        help_text="For a log: what became of the customer since the result before; empty if neither result "
        "names the customer.",
    )
    in_file = serializers.CharField(
        required=False,
        allow_null=True,
        help_text="Where the file says who left: `left` or `stayed`, null where it says neither.",
    )
    features = serializers.DictField()


class CustomerRows(serializers.Serializer):
    count = serializers.IntegerField()
    results = CustomerRow(many=True)


class PredictionRows(APIView):
    """The scored customers of one finished prediction: sorted, searched, filtered, in pieces."""

    permission_classes = [IsMember]

    @extend_schema(
        tags=["prediction-runs"],
        responses=CustomerRows,
        parameters=[
            OpenApiParameter(
                "sort",
                description="`customer`, `probability`, `tier`, `line` or a feature; with `-` in front, "
                "from high to low.",
            ),
            OpenApiParameter("find", description="Part of a customer id."),
            OpenApiParameter("tier", description="Only this tier."),
            OpenApiParameter(
                "change",
                description="Only customers with this change, such as `new`; `summary.changes` lists them.",
            ),
            OpenApiParameter(
                "in_file",
                description="Only customers of whom the file says so: `left` or `stayed`, where it says it.",
            ),
            OpenApiParameter("limit", OpenApiTypes.INT, description=f"At most {MOST_ROWS}; default 100."),
            OpenApiParameter("offset", OpenApiTypes.INT),
        ],
    )
    def get(self, request, run):
        run = _finished(request, run)
        table = open_table(run)
        wanted = read_query(request.query_params, columns=table.columns, tiers=run.result["tiers"])
        table = table.asking(wanted.query)
        offset = _whole(request.query_params.get("offset"), 0)
        limit = min(_whole(request.query_params.get("limit"), 100), MOST_ROWS)
        return Response(
            {"count": len(table), "results": [_row(row) for row in table[offset : offset + limit]]}
        )


class PredictionResult(APIView):
    """The result file of one finished prediction."""

    permission_classes = [IsMember]

    @extend_schema(tags=["prediction-runs"], responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request, run):
        run = _finished(request, run)
        name = files.download_name(run.prediction_name, "-result.csv", as_of=run.as_of)
        return send_media(request, run.result_dataset_path, filename=name, content_type=CSV)


class RejectedRows(APIView):
    """The rows of the file that were left out, each with its line and why; 404 where none were."""

    permission_classes = [IsMember]

    @extend_schema(tags=["prediction-runs"], responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request, run):
        run = get_object_or_404(predictions_for(request.member), uuid=run)
        if run.reads_log:
            raise NoRowsLeftOut(
                "This prediction read a purchase log. Look in its `rows_read` for the address of the rows "
                "that were left out of the log."
            )
        if not run.input_data.get("rejected"):
            raise NoRowsLeftOut(
                f"No row of the file of “{run}” was left out. Take all of them from its result."
            )
        name = plain_name(run.prediction_name, "-left-out.csv")
        return send_media(request, rejects_of(run.upload_dataset_path), filename=name, content_type=CSV)


class LapsedCustomers(APIView):
    """The customers of a log who were not scored because they have lapsed; 409 for a file of customers."""

    permission_classes = [IsMember]

    @extend_schema(tags=["prediction-runs"], responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request, run):
        return _send_beside(request, run, files.lapsed_beside, "-lapsed.csv")


class ChangedCustomers(APIView):
    """Everybody whom this result of a log or the one before it names, as CSV; 409 if none was before."""

    permission_classes = [IsMember]

    @extend_schema(tags=["prediction-runs"], responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request, run):
        return _send_beside(request, run, files.changes_beside, "-changes.csv")


class ChangedSides(APIView):
    """The customers whom your challenger judges differently, as CSV; 409 if no challenger scored them."""

    permission_classes = [IsDeveloper]

    @extend_schema(tags=["prediction-runs"], responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request, run):
        run = _finished(request, run)
        name = plain_name(run.prediction_name, "-changed-sides.csv")
        return send_pieces(
            request, exports.changed_sides(run, thresholds_of(run)), name=name, content_type=CSV
        )


def _finished(request, run):
    found = get_object_or_404(predictions_for(request.member), uuid=run)
    if not found.is_done:
        raise Http404
    return found


def _send_beside(request, run, beside, ending):
    run = _finished(request, run)
    name = plain_name(run.prediction_name, ending)
    return send_media(request, list_beside(run, beside), filename=name, content_type=CSV)


def _row(row):
    own = {
        "customer": row.pop(CUSTOMER),
        "probability": row.pop(PROBABILITY),
        "risk_tier": row.pop(TIER),
        "line": row.pop(LINE),
    }
    if CHANGE in row:
        own["change"] = row.pop(CHANGE)
    if OUTCOME in row:
        own["in_file"] = row.pop(OUTCOME)
    return {**own, "features": row}


def _whole(text, default):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else default
