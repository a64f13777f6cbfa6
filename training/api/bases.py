"""A program makes a customer base of its own table in one request."""

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from companies.access import IsDeveloper, IsMember
from companies.models import Scope
from companies.services.conditions import LONGEST_REASON
from intake.api import IDEMPOTENCY_KEY, TableField, TableInput, TakesUpload, refusals
from ml.model_types.catalogue import MODEL_TYPES
from registry.api.populations import WORTH, CustomerBaseList, CustomerBaseOutput
from registry.services.model_types import describe_types
from registry.services.populations import LONGEST_CURRENCY, LONGEST_NAME
from tabular.snapshots.column_types import LEARNED
from training.api.resources import RetrainingOutput
from training.selectors import training_runs_for
from training.services.own_tables import start_from_file
from training.services.retraining import USUAL_OWN_TYPE

TYPES_TOLD = describe_types(tuple(MODEL_TYPES), USUAL_OWN_TYPE)


class ColumnsField(serializers.ListField):
    child = serializers.CharField(trim_whitespace=False)


class CustomerBaseInput(TableInput):
    file = TableField(help_text="CSV or XLSX, one row per customer, with a column that says who left.")
    name = serializers.CharField(
        max_length=LONGEST_NAME,
        default="",
        help_text="The name of the new customer base; by default the name of the file.",
    )
    outcome = serializers.CharField(
        default=None, help_text="The column that says who left; by default it is recognised."
    )
    left = serializers.CharField(
        default=None, help_text="The value of that column which means that a customer left."
    )
    id_column = serializers.CharField(
        default=None, help_text="The column that names the customers; by default it is recognised."
    )
    leave_out = ColumnsField(default=list, help_text="Columns not to learn from.")
    keep = ColumnsField(
        default=list,
        help_text="Columns to learn from although leaving them out is suggested, or although one alone "
        "tells who left.",
    )
    types = serializers.JSONField(
        default=dict, help_text=f'Types of columns, as in {{"Code": "category"}}: {", ".join(LEARNED)}.'
    )
    date_orders = serializers.JSONField(
        default=dict,
        help_text='The order of day and month by column, as in {"Since": "DMY"}; the other one is "MDY".',
    )
    decimals = serializers.JSONField(
        default=dict, help_text='The decimal sign by column, as in {"Fee": ","}.'
    )
    value_column = serializers.CharField(default=None, help_text=WORTH)
    currency = serializers.CharField(
        max_length=LONGEST_CURRENCY, default="", help_text="The currency of that value, as in EUR."
    )
    model_type = serializers.CharField(default=USUAL_OWN_TYPE, help_text=f"The type to train. {TYPES_TOLD}")
    reason = serializers.CharField(
        max_length=LONGEST_REASON, default="", help_text="Why you train. It is kept beside the model."
    )

    def validate_types(self, found):
        return _names_by_column(found)

    def validate_date_orders(self, found):
        return _names_by_column(found)

    def validate_decimals(self, found):
        return _names_by_column(found)


def _names_by_column(found):
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise serializers.ValidationError('Write it as {"column": "text"}.')
    return found


class BegunOutput(CustomerBaseOutput):
    training = serializers.SerializerMethodField(help_text="Its first training.")

    class Meta(CustomerBaseOutput.Meta):
        fields = (*CustomerBaseOutput.Meta.fields, "training")
        read_only_fields = fields

    def get_training(self, base) -> RetrainingOutput:
        return RetrainingOutput(self.context["run"], context=self.context).data


@extend_schema(tags=["customer bases"])
class CustomerBases(TakesUpload, CustomerBaseList):
    """The customer bases of your company, and the way to a new one."""

    def get_permissions(self):
        if self.request.method == "POST":
            return [IsDeveloper.with_scope(Scope.TRAIN)()]
        return [IsMember()]

    @extend_schema(
        request={"multipart/form-data": CustomerBaseInput},
        responses={201: BegunOutput, **refusals({409: "There is a customer base of that name."})},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request):
        """Make a customer base of a table and begin its first training."""
        wanted = CustomerBaseInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data
        run = start_from_file(
            member=request.member,
            upload=said["file"],
            said={
                "outcome": said["outcome"],
                "left_value": said["left"],
                "id_column": said["id_column"],
                "leave_out": said["leave_out"],
                "learn_from": said["keep"],
                "kinds": said["types"],
                "date_orders": said["date_orders"],
                "decimals": said["decimals"],
            },
            encoding=said["encoding"],
            sheet=said["sheet"],
            base_name=said["name"],
            keep_leaking=said["keep"],
            **{name: said[name] for name in ("value_column", "currency", "model_type", "reason", "bad_rows")},
            idempotency_key=request.headers.get("Idempotency-Key"),
            at=timezone.now(),
        )
        run = get_object_or_404(training_runs_for(request.member), pk=run.pk)
        answer = Response(
            BegunOutput(run.population, context={"run": run, "request": request}).data, status=201
        )
        answer.headers["Location"] = reverse("registry:api-customer-base", args=(run.population.uuid,))
        return answer
