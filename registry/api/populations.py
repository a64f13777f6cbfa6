"""Customer bases, for programs: what their files hold, and the template of such a file."""

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.views import APIView

from companies.access import IsMember
from core.downloads import CSV, plain_name, send_pieces
from core.errors import NotFound
from ml.matrix.schemas import Category
from registry.models import Population
from registry.presenting.base_columns import template_csv
from registry.selectors import champion_of, populations_of

# Of calls about purchases that need no file.
WORTH = "The column that says what a customer is worth a month."
LOG_BASE = OpenApiParameter(
    "base",
    description="UUID or name of the customer base of purchases; by default the first of your company.",
)


class NoTemplate(NotFound):
    code = "no-template"


class ColumnOutput(serializers.Serializer):
    name = serializers.CharField(help_text="Its name in the header of the file.")
    label = serializers.CharField(help_text="Its name on pages.")
    type = serializers.ChoiceField(("number", "category", "date", "yes/no"))
    values = serializers.ListField(
        child=serializers.CharField(),
        help_text="The known values of a category. Other values are accepted and counted.",
    )


class OutcomeOutput(serializers.Serializer):
    column = serializers.CharField()
    left = serializers.CharField(help_text="The value that means that a customer left.")


class CustomerBaseOutput(serializers.ModelSerializer):
    id = serializers.UUIDField(source="uuid")
    is_own = serializers.SerializerMethodField(help_text="False for the base that every company shares.")
    outcome = serializers.SerializerMethodField(
        help_text="Which column says who left; null for purchase logs, where a time without purchases does."
    )

    class Meta:
        model = Population
        fields = ("id", "name", "kind", "is_own", "outcome", "currency", "created_at")
        read_only_fields = fields

    def get_is_own(self, base) -> bool:
        return base.company_id is not None

    @extend_schema_field(OutcomeOutput(allow_null=True))
    def get_outcome(self, base):
        if base.is_log:
            return None
        return {"column": base.roles["outcome"], "left": base.definition.get("left", base.roles["left"])}


class CustomerBaseDetailOutput(CustomerBaseOutput):
    id_column = serializers.SerializerMethodField(
        help_text="The column that names the customers; null if they are called after their rows."
    )
    value_column = serializers.CharField(allow_null=True, help_text=WORTH)
    columns = serializers.SerializerMethodField(
        help_text="The columns that a model reads; empty for purchase logs."
    )
    champion = serializers.SerializerMethodField(help_text="Id of the model that serves; null for none.")

    class Meta(CustomerBaseOutput.Meta):
        fields = (*CustomerBaseOutput.Meta.fields, "id_column", "value_column", "columns", "champion")
        read_only_fields = fields

    def get_id_column(self, base) -> str | None:
        roles = {column["role"] for column in base.reading["columns"]} if base.reading else {"id"}
        return base.roles.get("id") if "id" in roles else None

    @extend_schema_field(ColumnOutput(many=True))
    def get_columns(self, base):
        if base.is_log:
            return []
        schema = base.features
        kinds = {c["name"]: c["kind"] for c in base.reading["columns"]} if base.reading else {}
        return [
            {
                "name": column.name,
                "label": base.label_of(column.name),
                "type": kinds.get(column.name, "category" if isinstance(column, Category) else "number"),
                "values": list(getattr(column, "values", ())),
            }
            for column in (*schema.categorical, *schema.numeric)
        ]

    def get_champion(self, base) -> int | None:
        champion = champion_of(self.context["request"].member.company, base)
        return champion.model_id if champion else None


@extend_schema(tags=["customer bases"])
class CustomerBaseList(generics.ListAPIView):
    """The customer bases of your company: kinds of customers of which leaving is predicted."""

    permission_classes = [IsMember]
    serializer_class = CustomerBaseOutput
    queryset = Population.objects.none()

    def get_queryset(self):
        return populations_of(self.request.member.company).order_by("pk")


@extend_schema(tags=["customer bases"])
class CustomerBaseDetail(generics.RetrieveAPIView):
    """One customer base, and the columns that its files have."""

    permission_classes = [IsMember]
    serializer_class = CustomerBaseDetailOutput
    queryset = Population.objects.none()
    lookup_field = "uuid"
    lookup_url_kwarg = "base"

    def get_queryset(self):
        return populations_of(self.request.member.company)


class PurposeInput(serializers.Serializer):
    purpose = serializers.ChoiceField(
        ("predict", "train"),
        default="predict",
        help_text="What the file is for; one to train with has a column for the outcome as well.",
    )


@extend_schema(tags=["customer bases"])
class CustomerBaseTemplate(APIView):
    """A file with the columns of a customer base, to fill in."""

    permission_classes = [IsMember]

    @extend_schema(
        parameters=[PurposeInput, OpenApiParameter("base", OpenApiTypes.UUID, OpenApiParameter.PATH)],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request, base):
        wanted = PurposeInput(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        found = populations_of(request.member.company).filter(uuid=base).first()
        if found is None:
            raise Http404
        if found.is_log:
            raise NoTemplate("Purchase logs have no template. Send any file with one row for each purchase.")
        content = template_csv(found, purpose=wanted.validated_data["purpose"])
        name = plain_name(found.name, ".csv", otherwise="customers")
        return send_pieces(request, iter((content,)), name=name, content_type=CSV)
