"""Which version serves the company, for programs: the same rules and refusals as on the pages."""

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from companies.access import IsDeveloper
from companies.models import Scope
from core.api import KnownFields
from core.errors import NotFound
from registry.access import named_base_or_404
from registry.api.models import MODEL_ID, READS, WARNING
from registry.models import DeploymentEvent, ModelDeployment, ModelVersion, ShadowRun
from registry.presenting.disagreement import disagreement_of
from registry.presenting.signal import warning_about
from registry.selectors import ledger_of, serving_at, visible_versions
from registry.services.deployments import deploy_version, roll_back, withdraw_deployment
from registry.services.ledger import MOST_REASON

MayDeploy = IsDeveloper.with_scope(Scope.DEPLOY)


class VersionOutput(serializers.ModelSerializer):
    base = serializers.UUIDField(source="population.uuid", help_text=READS)

    class Meta:
        model = ModelVersion
        fields = ("id", "name", "version", "is_default", "base")
        read_only_fields = fields


class DeploymentOutput(serializers.ModelSerializer):
    model = VersionOutput()
    is_active = serializers.BooleanField(help_text="Whether it serves now.")
    deployed_by = serializers.CharField(source="who", help_text="Who deployed it, by the name of that time.")
    warning = serializers.SerializerMethodField(help_text=WARNING)

    class Meta:
        model = ModelDeployment
        fields = (
            "id", "model", "role", "is_active", "deployed_at", "deactivated_at", "deployed_by", "reason",
            "warning",
        )  # fmt: skip
        read_only_fields = fields

    def get_warning(self, deployment) -> str:
        return warning_about(deployment.model)


class ReasonInput(KnownFields):
    reason = serializers.CharField(
        max_length=MOST_REASON,
        help_text="Why you do this. It is kept in the ledger for good, beside your name.",
    )


class BaseInput(serializers.Serializer):
    base = serializers.CharField(
        default="", help_text="UUID or name of the customer base; by default that of the installation."
    )


class RollBackInput(ReasonInput, BaseInput):
    pass


class DeploymentInput(ReasonInput):
    model = serializers.IntegerField(help_text=MODEL_ID)
    role = serializers.ChoiceField(
        ModelDeployment.Role.choices,
        default=ModelDeployment.Role.CHAMPION,
        help_text=(
            "The champion is chosen unless somebody chooses another; the one before goes on beside it. The "
            "challenger is not offered, and scores in the shadow what others predict."
        ),
    )


class RolledBackOutput(serializers.Serializer):
    withdrawn = VersionOutput()
    champion = VersionOutput(
        allow_null=True, help_text="The champion from now on; null if the best default is suggested again."
    )


class EventOutput(serializers.ModelSerializer):
    model = VersionOutput(source="version")
    actor = serializers.CharField(source="actor_name", help_text="Who did it, by the name of that time.")

    class Meta:
        model = DeploymentEvent
        fields = ("sequence", "at", "action", "model", "role", "actor", "reason")
        read_only_fields = fields


class ServingOutput(serializers.Serializer):
    model = VersionOutput(source="version")
    role = serializers.ChoiceField(ModelDeployment.Role.choices)
    since = serializers.DateTimeField()
    out_of_service = serializers.SerializerMethodField(help_text="Damaged or in quarantine at that instant.")

    def get_out_of_service(self, found) -> bool:
        return found.out_of_service is not None


class IntervalOutput(serializers.Serializer):
    low = serializers.FloatField(source="0")
    high = serializers.FloatField(source="1")


class ShareOutput(serializers.Serializer):
    value = serializers.FloatField(
        help_text="The share of the customers scored by both whom they judge differently."
    )
    interval = serializers.SerializerMethodField(help_text="The 95 % confidence interval of the share.")

    @extend_schema_field(IntervalOutput)
    def get_interval(self, share):
        return dict(zip(("low", "high"), share.interval, strict=True))


class ShadowRunOutput(serializers.ModelSerializer):
    run = serializers.UUIDField(source="batch", help_text="The `id` of `/api/v1/prediction-runs/{id}`.")
    compared_with = VersionOutput(help_text="The version that was used.")
    share = ShareOutput(allow_null=True)

    class Meta:
        model = ShadowRun
        fields = (
            "run", "at", "compared_with", "customers", "newly_leaving", "newly_staying", "mean_difference",
            "share", "distribution", "failure",
        )  # fmt: skip
        read_only_fields = fields


class DisagreementOutput(serializers.Serializer):
    deployment = DeploymentOutput(source="challenger")
    compared_with = VersionOutput(allow_null=True, help_text="The version that is suggested.")
    customers = serializers.IntegerField(
        help_text="How many customers both versions scored; a customer who is in several runs counts in each."
    )
    newly_leaving = serializers.IntegerField(help_text="Customers whom only the challenger names as leaving.")
    newly_staying = serializers.IntegerField(
        help_text="Customers whom only the challenger does not name as leaving."
    )
    mean_difference = serializers.FloatField(
        allow_null=True, help_text="The mean absolute difference between the two probabilities."
    )
    share = ShareOutput(
        allow_null=True,
        help_text="How often the two versions disagree; null if there is nothing to compare yet.",
    )
    in_words = serializers.CharField()
    runs = ShadowRunOutput(
        many=True, help_text="The latest runs, including those in which another version was used."
    )


class InstantField(serializers.DateTimeField):
    def enforce_timezone(self, value):
        try:
            return super().enforce_timezone(value)
        except OverflowError:
            self.fail("overflow")


class InstantInput(serializers.Serializer):
    at = InstantField(required=False, help_text="An instant, as in 2026-03-02T12:00:00Z; by default now.")


class DeploymentFilter(filters.FilterSet):
    active = filters.BooleanFilter(
        "is_active", label="true: only deployments that serve now. false: only those that ended."
    )
    # Between the bounds of the column: beyond them SQLite raises instead of finding nothing.
    model = filters.NumberFilter("model", label="The `id` of a model.", min_value=1, max_value=2**31 - 1)

    class Meta:
        model = ModelDeployment
        fields = ("active", "model")


def _deployments(request):
    versions = ModelVersion.objects.with_figures().select_related("model_type", "population")
    deployments = request.member.company.deployments.prefetch_related(Prefetch("model", versions))
    return deployments.order_by("-deployed_at", "-pk")


@extend_schema(tags=["deployments"])
class DeploymentList(generics.ListAPIView):
    """Which models serve your company and which did before, latest first."""

    permission_classes = [MayDeploy]
    serializer_class = DeploymentOutput
    filter_backends = [filters.DjangoFilterBackend]
    filterset_class = DeploymentFilter
    queryset = ModelDeployment.objects.none()

    def get_queryset(self):
        return _deployments(self.request)

    @extend_schema(request=DeploymentInput, responses={201: DeploymentOutput})
    def post(self, request):
        """Let a version serve the people of your company, from now on."""
        sent = DeploymentInput(data=request.data)
        sent.is_valid(raise_exception=True)
        company = request.member.company
        deployment = deploy_version(
            version=get_object_or_404(visible_versions(company), pk=sent.validated_data["model"]),
            company=company,
            role=sent.validated_data["role"],
            by=request.member.account,
            reason=sent.validated_data["reason"],
            at=timezone.now(),
        )
        return Response(DeploymentOutput(deployment).data, status=201)


class WithdrawDeployment(APIView):
    """End one deployment."""

    permission_classes = [MayDeploy]

    @extend_schema(tags=["deployments"], request=ReasonInput, responses=DeploymentOutput)
    def post(self, request, pk):
        deployment = get_object_or_404(_deployments(request), pk=pk)
        sent = ReasonInput(data=request.data)
        sent.is_valid(raise_exception=True)
        ended = withdraw_deployment(
            deployment=deployment, by=request.member.account, at=timezone.now(), **sent.validated_data
        )
        return Response(DeploymentOutput(ended).data)


class RollBack(APIView):
    """Withdraw the champion; the champion before it takes over, or the best default."""

    permission_classes = [MayDeploy]

    @extend_schema(tags=["deployments"], request=RollBackInput, responses=RolledBackOutput)
    def post(self, request):
        sent = RollBackInput(data=request.data)
        sent.is_valid(raise_exception=True)
        done = roll_back(
            company=request.member.company,
            population=named_base_or_404(request.member.company, sent.validated_data["base"]),
            by=request.member.account,
            reason=sent.validated_data["reason"],
            at=timezone.now(),
        )
        return Response(RolledBackOutput(done).data)


class NoChallenger(NotFound):
    code = "no-challenger"


class Challenger(APIView):
    """Your challenger, and how often it disagrees with the version that is suggested."""

    permission_classes = [IsDeveloper]

    @extend_schema(tags=["deployments"], parameters=[BaseInput], responses=DisagreementOutput)
    def get(self, request):
        asked = BaseInput(data=request.query_params)
        asked.is_valid(raise_exception=True)
        base = named_base_or_404(request.member.company, asked.validated_data["base"])
        found = disagreement_of(request.member.company, population=base)
        if found is None:
            raise NoChallenger(f"{request.member.company} has no challenger for {base}. Deploy one first.")
        return Response(DisagreementOutput(found).data)


@extend_schema(tags=["deployments"])
class EventList(generics.ListAPIView):
    """The ledger of your company: every change of what serves it, latest first. Lines are never changed."""

    permission_classes = [IsDeveloper]
    serializer_class = EventOutput
    queryset = DeploymentEvent.objects.none()

    def get_queryset(self):
        return ledger_of(self.request.member.company)


class ServingVersions(APIView):
    """Which versions were deployed in your company at an instant, the champion first."""

    permission_classes = [IsDeveloper]

    @extend_schema(tags=["deployments"], parameters=[InstantInput], responses=ServingOutput(many=True))
    def get(self, request):
        asked = InstantInput(data=request.query_params)
        asked.is_valid(raise_exception=True)
        at = asked.validated_data.get("at") or timezone.now()
        return Response(ServingOutput(serving_at(request.member.company, at), many=True).data)
