"""Days of a purchase log whose rows may be missing, and of which somebody said that nothing was open then."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from companies.access import IsDeveloper, IsMember
from companies.models import Scope
from companies.organisations import OfOrganisation
from core.api import KnownFields
from intake.api import UploadRefusal
from transactions.api.v2 import TAG, find_log
from transactions.selectors import days_in_doubt
from transactions.services.closures import mark_closed, mark_open


class DaysInput(KnownFields):
    first = serializers.DateField(help_text="The first of the days, as it stands in `in_doubt` or `closed`.")
    last = serializers.DateField(help_text="The last of them; it belongs to them.")
    withdrawn = serializers.BooleanField(
        default=False,
        help_text="Take back that nothing was open then; does nothing where nobody said so.",
    )


class DaysClosed(serializers.Serializer):
    first = serializers.DateField()
    last = serializers.DateField()


class DaysInDoubt(DaysClosed):
    sentence = serializers.CharField(help_text="What is odd about them.")
    at_end = serializers.BooleanField(
        help_text="Whether they are the end of the log: of these nobody can say that you were closed."
    )


class ClosedDaysOutput(serializers.Serializer):
    in_doubt = DaysInDoubt(many=True, help_text="Days of which rows may be missing.")
    closed = DaysClosed(many=True, help_text="Days of which somebody said that nothing was open then.")


@extend_schema(tags=[TAG])
class ClosedDays(OfOrganisation, APIView):
    """Days of which rows may be missing, and those on which nothing was open.

    What was said of a log holds for those that came after it to the same customer base. Lists made before do
    not know of it: score the log again.
    """

    def get_permissions(self):
        if self.request.method == "POST":
            return [IsDeveloper.with_scope(Scope.TRAIN)()]
        return [IsMember()]

    @extend_schema(responses=ClosedDaysOutput)
    def get(self, request, org, dataset):
        return Response(_tell(find_log(request, dataset)))

    @extend_schema(
        request=DaysInput,
        responses={
            200: ClosedDaysOutput,
            404: OpenApiResponse(description="There is no such log."),
            422: OpenApiResponse(UploadRefusal, description="No such days are missing from this log."),
        },
    )
    def post(self, request, org, dataset):
        wanted = DaysInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        days = {name: wanted.validated_data[name].isoformat() for name in ("first", "last")}
        change = mark_open if wanted.validated_data["withdrawn"] else mark_closed
        analysis = find_log(request, dataset)
        change(analysis=analysis, **days, by=request.member, at=timezone.now())
        analysis.refresh_from_db()
        return Response(_tell(analysis))


def _tell(analysis):
    names = ("first", "last", "sentence", "at_end")
    return {
        "in_doubt": [{name: each[name] for name in names} for each in days_in_doubt(analysis)],
        "closed": [{"first": first, "last": last} for first, last in analysis.closed_days or []],
    }
