"""Predicting from purchases, in the words of the second API: ``/api/v1/churn/v2/organizations/<org>/``."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from companies.access import IsMember
from companies.models import Scope
from companies.organisations import OfOrganisation
from core.parsers import JSONParser
from ml.serving.risk import POLICIES
from predictions.api.sent_history import PredictInput, read_history
from predictions.presenting.histories import (
    FULL,
    LAPSED,
    LATEST,
    LOG,
    ONE_PURCHASE,
    SENT,
    TODAY,
    remarks_on,
)
from predictions.services.histories import score_history
from registry.access import log_base_or_404
from registry.api.models import WARNING
from registry.api.populations import LOG_BASE
from registry.presenting.signal import warning_about
from registry.services.model_types import LOG_TYPES

DIGITS = 4
# Of every policy that a customer base may have, each once.
TIERS = tuple(dict.fromkeys(tier for policy in POLICIES.values() for tier in policy.tiers))


class PredictOutput(serializers.Serializer):
    customer_id = serializers.CharField()
    churn_probability = serializers.FloatField(
        allow_null=True,
        help_text="The calibrated chance of leaving, with 4 decimals; null for a lapsed customer if an "
        "older version scores.",
    )
    risk_segment = serializers.ChoiceField(
        TIERS, allow_null=True, help_text="The risk tier, by the rules of the customer base."
    )
    as_of = serializers.CharField(
        help_text="The instant at which the prediction is made: what happened at or after it was ignored."
    )
    as_of_from = serializers.ChoiceField(
        (SENT, LOG, TODAY, LATEST),
        help_text="Where as_of came from: it was `sent`, or is the end of the latest purchase `log`, of "
        "`today`, or of the day of the `latest_transaction`.",
    )
    active_window_days = serializers.IntegerField(
        allow_null=True,
        help_text="After how many days without a purchase a customer has lapsed; null if that is not known.",
    )
    horizon_days = serializers.IntegerField(
        allow_null=True,
        help_text="How many days without a purchase count as leaving; null if the log itself said who left.",
    )
    evidence = serializers.ChoiceField(
        (FULL, ONE_PURCHASE, LAPSED),
        help_text="`one_purchase`: too little is known for a model, the rate of such customers stands in. "
        "`lapsed`: silent for so long that the customer has left already; how many of such customers stayed "
        "away stands in.",
    )
    remarks = serializers.ListField(
        child=serializers.CharField(),
        help_text="The same in sentences, with how well such rates held before.",
    )
    model_type = serializers.ChoiceField(LOG_TYPES, help_text="The type of the model that scored.")
    version = serializers.CharField(help_text="The version that scored, such as v3.")
    warning = serializers.CharField(help_text=WARNING)


@extend_schema(tags=["churn v2"])
class Predict(OfOrganisation, APIView):
    """The chance of one customer to leave, from its purchases, by a model of your company."""

    permission_classes = [IsMember.with_scope(Scope.PREDICT)]
    call_limit = "predicting"
    parser_classes = [JSONParser]

    @extend_schema(request=PredictInput, responses=PredictOutput, parameters=[LOG_BASE])
    def post(self, request, org):
        sent = read_history(request.data)
        found = score_history(
            company=request.member.company,
            population=log_base_or_404(request.member.company, request.query_params.get("base", "")),
            events=sent["transactions"],
            as_of=sent.get("as_of"),
            model_type=sent.get("model_type"),
            at=timezone.now(),
        )
        return Response(
            {
                "customer_id": sent["customer_id"],
                # Rounded to be read; the segment is of the unrounded one.
                "churn_probability": found.probability and round(found.probability, DIGITS),
                "risk_segment": found.segment,
                "as_of": found.moment.as_of.isoformat(),
                "as_of_from": found.moment.source,
                "active_window_days": found.window_days,
                "horizon_days": found.horizon_days,
                "evidence": found.evidence,
                "remarks": remarks_on(found),
                "model_type": found.version.model_type.slug,
                "version": found.version.version,
                "warning": warning_about(found.version),
            }
        )
