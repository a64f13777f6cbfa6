"""Predicting from purchases, in the words of the second API: ``/api/v1/churn/v2/organizations/<org>/``."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import JSONParser
from rest_framework.response import Response
from rest_framework.views import APIView

from companies.access import IsMember
from companies.models import Scope
from companies.organisations import OfOrganisation
from ml.logs.log_models import TYPES
from ml.serving.risk import POLICIES
from predictions.services.histories import (
    FULL,
    LAPSED,
    LONGEST_TEXT,
    ONE_PURCHASE,
    HistoryRefused,
    score_history,
)
from registry.access import log_base_or_404
from registry.api.populations import LOG_BASE

DIGITS = 4
# Of every policy that a customer base may have, each once.
TIERS = tuple(dict.fromkeys(tier for policy in POLICIES.values() for tier in policy.tiers))


class TransactionInput(serializers.Serializer):
    """For the description of the API alone: the service reads what was sent, and says where it is wrong."""

    event_date = serializers.CharField(help_text="2024-01-15, or with a time: 2024-01-15T18:30:00.")
    amount = serializers.FloatField(required=False, help_text="Every purchase needs one.")
    event_type = serializers.CharField(required=False, default="purchase")
    order_id = serializers.CharField(required=False, help_text="Rows of one order are one purchase.")
    product = serializers.CharField(required=False)
    category = serializers.CharField(required=False)
    quantity = serializers.FloatField(required=False)
    discount = serializers.FloatField(required=False)


class PredictInput(serializers.Serializer):
    customer_id = serializers.CharField()
    transactions = TransactionInput(many=True)
    as_of = serializers.CharField(
        required=False,
        help_text="Nothing at or after it is looked at. By default the end of the day of the latest "
        "transaction; send today to ask about today.",
    )
    model_type = serializers.ChoiceField(
        TYPES,
        required=False,
        help_text="By its latest deployed version; by default the champion scores.",
    )


class PredictOutput(serializers.Serializer):
    customer_id = serializers.CharField()
    churn_probability = serializers.FloatField(help_text="Calibrated, 4 decimals.")
    risk_segment = serializers.ChoiceField(
        TIERS, help_text="By the tiers that the customer base of the purchases has."
    )
    as_of = serializers.CharField()
    evidence = serializers.ChoiceField(
        (FULL, ONE_PURCHASE, LAPSED),
        help_text="`one_purchase`: too little is known, the rate of such customers stands in. `lapsed`: "
        "silent for so long that the customer has left already.",
    )
    model_type = serializers.ChoiceField(TYPES, help_text="Which scored,")
    version = serializers.CharField(help_text="and which version of it, such as v3.")


@extend_schema(tags=["churn v2"])
class Predict(OfOrganisation, APIView):
    """The chance of one customer to leave, from its purchases, by a model of your company."""

    permission_classes = [IsMember.with_scope(Scope.PREDICT)]
    call_limit = "predicting"
    parser_classes = [JSONParser]

    @extend_schema(
        request=PredictInput,
        responses=PredictOutput,
        parameters=[LOG_BASE],
    )
    def post(self, request, org):
        sent = request.data if isinstance(request.data, dict) else {}
        customer = _read_customer(sent.get("customer_id"))
        found = score_history(
            company=request.member.company,
            population=log_base_or_404(request.member.company, request.query_params.get("base", "")),
            transactions=sent.get("transactions"),
            as_of=sent.get("as_of"),
            model_type=sent.get("model_type"),
            at=timezone.now(),
        )
        return Response(
            {
                "customer_id": customer,
                # Rounded to be read; the segment is of the unrounded one.
                "churn_probability": round(found.probability, DIGITS),
                "risk_segment": found.segment,
                "as_of": found.as_of.isoformat(),
                "evidence": found.evidence,
                "model_type": found.version.model_type.slug,
                "version": found.version.version,
            }
        )


def _read_customer(value):
    is_text = isinstance(value, (str, int)) and not isinstance(value, bool)
    if not is_text or not 0 < len(str(value).strip()) <= LONGEST_TEXT:
        message = f"Send the id of the customer, at most {LONGEST_TEXT} characters."
        raise HistoryRefused(
            f"customer_id: {message}", field="customer_id", extra={"fields": {"customer_id": message}}
        )
    return str(value)
