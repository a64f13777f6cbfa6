from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers

from companies.access import IsMember
from registry.models import ModelVersion
from registry.presenting.judged import fitted_again
from registry.presenting.quality import figures_of_churners, quality_of
from registry.presenting.signal import threshold_or_none, warning_about
from registry.selectors import list_versions

MODEL_ID = "The `id` of a model of `/api/v1/models`."
READS = "The customer base whose customers it reads."
WARNING = (
    "A sentence if the model is not shown to rank customers better than chance or than a single column, or "
    "if it names too many; else empty."
)
FOR_DEVELOPERS = "For developers; null for users."


class ChurnerMetrics(serializers.Serializer):
    """Figures of those who left, without those who stayed."""

    precision = serializers.FloatField(
        allow_null=True, help_text="The share of those named as leaving who left; null if it named nobody."
    )
    recall = serializers.FloatField()
    f1 = serializers.FloatField()
    average_precision = serializers.FloatField()
    base_rate = serializers.FloatField(help_text="Share of customers who churned in the test data.")


class WeightedMetrics(serializers.Serializer):
    """Averaged over both classes, weighted by their size; recall therefore equals accuracy."""

    accuracy = serializers.FloatField()
    auc_roc = serializers.FloatField()
    precision = serializers.FloatField()
    recall = serializers.FloatField()
    f1_score = serializers.FloatField()


class ReliabilityMetrics(serializers.Serializer):
    """How far its probabilities and figures can be relied on, measured on customers it did not learn from."""

    threshold = serializers.SerializerMethodField(
        help_text="From this probability on, a customer is named as leaving; null if it names nobody."
    )
    judged_threshold = serializers.SerializerMethodField(
        help_text="The threshold at which the figures were measured: another one if the model was fitted "
        "again. Null if it named nobody."
    )
    fitted_again = serializers.SerializerMethodField(
        help_text="Whether the figures are those of its recipe, and the model that serves was then trained "
        "once more, also on the customers that judged it. This is so with purchase logs."
    )
    cutoffs = serializers.SerializerMethodField(
        help_text="From how many past cutoffs the model that serves learned; null if it has no cutoffs."
    )
    past_forecasts = serializers.JSONField(
        required=False,
        help_text="For a purchase log: how many of those scored were expected to leave at past cutoffs, "
        "and how many left.",
    )
    judged_apart = serializers.JSONField(
        required=False,
        help_text="For a purchase log: how well the rates held that are used instead of a model for "
        "customers who bought once only (`first_buyers`) and for those who have `lapsed`. All other "
        "figures are of customers with two purchases or more.",
    )
    rows = serializers.IntegerField(help_text="How many customers it was tried on.")
    brier = serializers.FloatField()
    log_loss = serializers.FloatField()
    calibration_error = serializers.FloatField(
        source="calibration.ece", help_text="How far the promised chances are off, on average."
    )
    intervals = serializers.DictField(
        required=False,
        help_text="95 % intervals of the figures: `value`, `low`, `high` by group and name; missing for "
        "some imported models.",
    )

    def get_threshold(self, found) -> float | None:
        if found.get("names_nobody"):
            return None
        again = fitted_again(found)
        return threshold_or_none(again.threshold if again else found["threshold"])

    def get_judged_threshold(self, found) -> float | None:
        return threshold_or_none(found["threshold"])

    def get_fitted_again(self, found) -> bool:
        return fitted_again(found) is not None

    def get_cutoffs(self, found) -> int | None:
        again = fitted_again(found)
        return again and again.cutoffs


class ModelOutput(serializers.ModelSerializer):
    model_type = serializers.SlugRelatedField("slug", read_only=True)
    base = serializers.UUIDField(source="population.uuid", help_text=READS)
    is_default = serializers.BooleanField(help_text="One of the models that every company has.")
    serving_since = serializers.DateTimeField(
        allow_null=True, help_text="Since when it is deployed in your company; null if it is not."
    )
    quality = serializers.SerializerMethodField(help_text="How good it is, in a sentence.")
    on_invented = serializers.SerializerMethodField(
        help_text="Whether its figures were measured on invented customers."
    )
    warning = serializers.SerializerMethodField(help_text=WARNING)

    class Meta:
        model = ModelVersion
        fields = (
            "id",
            "name",
            "version",
            "model_type",
            "base",
            "is_default",
            "state",
            "created_at",
            "serving_since",
            "quality",
            "on_invented",
            "warning",
        )
        read_only_fields = fields

    def get_warning(self, version) -> str:
        return warning_about(version)

    def get_quality(self, version) -> str | None:
        found = quality_of(version)
        return found.in_words if found else None

    def get_on_invented(self, version) -> bool:
        return bool(version.invented)


class ModelDetailOutput(ModelOutput):
    weighted = serializers.SerializerMethodField(help_text=FOR_DEVELOPERS)
    churners = serializers.SerializerMethodField(help_text=FOR_DEVELOPERS)
    reliability = serializers.SerializerMethodField(help_text=FOR_DEVELOPERS)
    manifest_sha256 = serializers.CharField(
        help_text="A hash of the files of the version: if a file changes, so does it."
    )

    class Meta(ModelOutput.Meta):
        fields = (*ModelOutput.Meta.fields, "weighted", "churners", "reliability", "manifest_sha256")
        read_only_fields = fields

    @extend_schema_field(WeightedMetrics(allow_null=True))
    def get_weighted(self, version):
        return WeightedMetrics(version.metrics).data if self._may_see(version) else None

    @extend_schema_field(ChurnerMetrics(allow_null=True))
    def get_churners(self, version):
        return ChurnerMetrics(figures_of_churners(version.figures)).data if self._may_see(version) else None

    @extend_schema_field(ReliabilityMetrics(allow_null=True))
    def get_reliability(self, version):
        return ReliabilityMetrics(version.figures).data if self._may_see(version) else None

    def _may_see(self, version):
        return self.context["request"].member.is_developer and quality_of(version) is not None


class ModelFilter(filters.FilterSet):
    model_type = filters.CharFilter("model_type__slug", label="Slug of the model type.")
    base = filters.UUIDFilter("population__uuid", label="UUID of a customer base.")
    is_default = filters.BooleanFilter(label="true: only defaults. false: only your company's own.")
    state = filters.ChoiceFilter(choices=ModelVersion.State.choices)

    class Meta:
        model = ModelVersion
        fields = ("model_type", "base", "is_default", "state")


@extend_schema(tags=["models"])
class ModelList(generics.ListAPIView):
    """The models of your company: the defaults and its own versions. Users see what they may choose."""

    permission_classes = [IsMember]
    serializer_class = ModelOutput
    filter_backends = [filters.DjangoFilterBackend]
    filterset_class = ModelFilter
    queryset = ModelVersion.objects.none()

    def get_queryset(self):
        return list_versions(self.request.member)


@extend_schema(tags=["models"])
class ModelDetail(generics.RetrieveAPIView):
    """One model of your company."""

    permission_classes = [IsMember]
    serializer_class = ModelDetailOutput
    queryset = ModelVersion.objects.none()

    def get_queryset(self):
        return list_versions(self.request.member)
