"""What a program is told where it sends a file, whatever the file is for."""

from collections.abc import Iterable
from urllib.parse import urlencode

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.views import APIView

from companies.access import IsMember
from core.api import KnownFields
from core.downloads import CSV, plain_name, send_stored
from core.errors import NotFound
from intake.services.checking import LEAVE_OUT, REFUSE, FileRefused
from intake.services.receiving import streaming_to_disk
from intake.services.waiting import find_kept
from tabular.source.encodings import BY_HAND

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Any text of yours. A second request with the same key starts nothing: it is answered with "
    "what the first one started.",
)


class TakesUpload:
    """Set the handler that streams to disk before the CSRF check of the session reads the form."""

    parser_classes = [MultiPartParser, FormParser]
    takes_upload = True  # see intake.body_limit

    def dispatch(self, request, *args, **kwargs):
        with streaming_to_disk(request):
            return super().dispatch(request, *args, **kwargs)

    def handle_exception(self, exc):
        if isinstance(exc, FileRefused) and exc.belongs and (door := exc.belongs.door):
            exc.extra["door"] = self.request.build_absolute_uri(door["address"])
        if isinstance(exc, FileRefused) and exc.kept and exc.rejected:
            path = f"{reverse('intake:api_refused_rows')}?{urlencode({'kept': exc.kept})}"
            exc.extra["rejected_rows_url"] = self.request.build_absolute_uri(path)
        return super().handle_exception(exc)


class TableField(serializers.FileField):
    """A table. An empty one is let through: it is refused with the words of the file check."""

    # The parser takes a part whose file name is empty for text: nothing tells the two from each other.
    default_error_messages = {
        "required": "No file came with this field. Send one as a multipart form (curl: -F file=@NAME).",
        "no_name": "The file name is empty. Send the file with a name.",
        "invalid": "The file name is empty, or this is text and not a file. Send the file with a name (curl: "
        "-F file=@NAME).",
    }

    def __init__(self, **options):
        super().__init__(allow_empty_file=True, **options)


class BadRowsInput(KnownFields):
    bad_rows = serializers.ChoiceField(
        (REFUSE, LEAVE_OUT), default=REFUSE, help_text="What to do with rows that cannot be read."
    )


class ReadingInput(KnownFields):
    encoding = serializers.ChoiceField(
        list(BY_HAND.items()), default="", help_text="The encoding of the file; by default it is recognised."
    )
    sheet = serializers.CharField(
        default="",
        help_text="For a workbook: the name of the sheet to read. Needed if more than one could be meant.",
    )


class TableInput(ReadingInput, BadRowsInput):
    pass


class RowsRead(serializers.Serializer):
    """What became of the rows of a file, and how it was read: what pages show, in one form everywhere."""

    rows_in = serializers.IntegerField(
        allow_null=True,
        help_text="Rows below the header; once they were all read, accepted + duplicates + rejected.",
    )
    accepted = serializers.IntegerField(
        allow_null=True,
        help_text="Rows that were used; null, as are duplicates and rejected, until all rows were read.",
    )
    duplicates = serializers.IntegerField(
        allow_null=True, help_text="Rows that equal an earlier row in every cell; they are counted once."
    )
    rejected = serializers.IntegerField(
        allow_null=True, help_text="Rows that were left out because of a mistake."
    )
    remarks = serializers.ListField(
        child=serializers.CharField(), help_text="What was odd about the file, and what was made of it."
    )
    sheet = serializers.CharField(allow_null=True, help_text="For a workbook: the sheet that was read.")
    encoding = serializers.CharField(
        allow_null=True, help_text="The encoding that was read; null for a workbook, which says it itself."
    )
    rejected_rows_url = serializers.URLField(
        allow_null=True,
        help_text="Where the rows that were left out can be fetched as CSV, each with its "
        "reason; null if there are none.",
    )


def account_of_rows(
    counts: dict, *, table: dict | None, remarks: Iterable[str], rejected_rows_url: str
) -> dict:
    """Return a `RowsRead`.

    Parameters
    ----------
    counts
        With ``rows_in``, and the others once they are known.
    table
        A `tabular.source.spec.ParseSpec` as it is kept; None where it was not.
    remarks
        Said twice, one is told once.
    rejected_rows_url
        Where the rows that were left out can be fetched, if any were.
    """
    table = table or {}
    is_workbook = table.get("format") == "xlsx"
    return {
        **{name: counts.get(name) for name in ("rows_in", "accepted", "duplicates", "rejected")},
        "remarks": list(dict.fromkeys(remarks)),
        "sheet": table.get("sheet") if is_workbook else None,
        "encoding": None if is_workbook else table.get("encoding"),
        "rejected_rows_url": rejected_rows_url if counts.get("rejected") else None,
    }


def account_of_upload(read: dict, *, rejected_rows_url: str) -> dict:
    """Return a `RowsRead` of what a run remembers of its file (`intake.services.checking.what_was_read`)."""
    return account_of_rows(
        read, table=read.get("spec"), remarks=read.get("warnings", ()), rejected_rows_url=rejected_rows_url
    )


class NoRowsLeftOut(NotFound):
    code = "no-rows-left-out"


class UploadRefusal(serializers.Serializer):
    code = serializers.CharField(help_text="The kind of mistake.")
    message = serializers.CharField(help_text="What happened, where, and what to do.")
    kind = serializers.CharField(required=False)
    line = serializers.IntegerField(required=False, allow_null=True)
    column = serializers.CharField(required=False, allow_null=True)
    rejected = serializers.IntegerField(required=False, help_text="How many rows have a mistake.")
    rejected_rows_url = serializers.URLField(
        required=False,
        help_text="Where these rows can be fetched as CSV, each with its reason: for an "
        "hour, by whoever sent the file.",
    )
    belongs = serializers.CharField(
        required=False,
        allow_null=True,
        help_text="What a file is that was sent to the wrong address: purchase-log, features, result or "
        "outcomes.",
    )
    door = serializers.URLField(required=False, help_text="The address where such a file belongs.")
    sheets = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="The sheets that could be meant: send the name of one as `sheet`.",
    )
    letters = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        help_text="If the encoding is unclear: each `encoding` that fits, with a sample of the cells.",
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


class RefusedRows(APIView):
    """The rows because of which a file was refused, each with its line and the reason.

    They are kept for an hour, for whoever sent the file.
    """

    permission_classes = [IsMember]

    @extend_schema(
        tags=["uploads"],
        parameters=[
            OpenApiParameter("kept", required=True, description="The value of `kept` in the refusal.")
        ],
        responses={(200, "text/csv"): OpenApiTypes.BINARY},
    )
    def get(self, request):
        waiting = find_kept(request.query_params.get("kept", ""), member=request.member)
        name = plain_name(waiting.name.rpartition(".")[0], "-refused-rows.csv")
        return send_stored(request, waiting.rejects_path, name=name, content_type=CSV)
