"""What a program is told where it sends a file, whatever the file is for."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.parsers import FormParser, MultiPartParser

from intake.services.checking import LEAVE_OUT, REFUSE
from intake.services.receiving import stream_to_disk
from tabular.source.encodings import BY_HAND

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Sent twice, what the first one started comes back.",
)


class TakesUpload:
    """Set the handler that streams to disk before the CSRF check of the session reads the form."""

    parser_classes = [MultiPartParser, FormParser]

    def initialize_request(self, request, *args, **kwargs):
        stream_to_disk(request)
        return super().initialize_request(request, *args, **kwargs)


class BadRowsInput(serializers.Serializer):
    bad_rows = serializers.ChoiceField(
        (REFUSE, LEAVE_OUT), default=REFUSE, help_text="What to do with rows that cannot be read."
    )


class TableInput(BadRowsInput):
    encoding = serializers.ChoiceField(
        list(BY_HAND.items()), default="", help_text="How letters are written; by default it is recognised."
    )


class UploadRefusal(serializers.Serializer):
    code = serializers.CharField(help_text="The kind of mistake.")
    message = serializers.CharField(help_text="What happened, where, and what to do.")
    kind = serializers.CharField(required=False)
    line = serializers.IntegerField(required=False, allow_null=True)
    column = serializers.CharField(required=False, allow_null=True)
    rejected = serializers.IntegerField(required=False, help_text="How many rows have a mistake.")
    letters = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        help_text="Where letters cannot be recognised: each `encoding` that fits, and a sample of the cells.",
    )


def refusals(more: dict[int, str] | None = None) -> dict[int, OpenApiResponse]:
    """Return with which statuses a file may be refused, and `more` of them, as the schema tells them."""
    texts = {
        400: "A field is missing or wrong.",
        413: "The file is too large.",
        415: "The file is of another type than CSV or XLSX.",
        422: "The file cannot be used; the answer says where and why.",
    }
    return {
        status: OpenApiResponse(UploadRefusal, description=text)
        for status, text in (texts | (more or {})).items()
    }
