"""What a program sends of one customer: read, refused with the place of every fault, and described."""

from collections.abc import Iterator
from datetime import UTC, datetime

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.settings import api_settings

from predictions.services.histories import MOST_FAULTS, NO_AMOUNT, PURCHASE, RETURN, HistoryRefused
from registry.services.model_types import LOG_TYPES
from tabular.values.ids import is_shortened, why_shortened

MOST_EVENTS = 10_000
LONGEST_TEXT = 255
# Sums are counted in millionths by whole numbers of 64 bits.
LARGEST = 1e12
NO_DATE = "Send each transaction with a date such as 2024-01-15."
NO_OBJECT = "Send each transaction as an object with event_date and, where money was paid, amount."
NO_LIST = "Send a list of transactions."
NO_CUSTOMER = f"Send the id of the customer, at most {LONGEST_TEXT} characters."


class SentField(serializers.Field):
    """A value as programs write it: null and an empty text are as good as left out."""

    def __init__(self, *, missing: str | None = None, **options):
        says = {} if missing is None else {"required": missing, "null": missing}
        needed = missing is not None
        super().__init__(required=needed, allow_null=not needed, error_messages=says, **options)

    def validate_empty_values(self, data):
        return super().validate_empty_values(None if data == "" else data)


@extend_schema_field({"type": "string", "maxLength": LONGEST_TEXT})
class TextField(SentField):
    """Words; a whole number is one too, for many orders are numbered."""

    def to_internal_value(self, data):
        if not isinstance(data, (str, int)) or isinstance(data, bool) or len(str(data)) > LONGEST_TEXT:
            raise serializers.ValidationError(
                f"{_shown(data)} is no text. Send text of at most {LONGEST_TEXT} characters."
            )
        text = str(data).strip()
        if is_shortened(text):
            # Rows of one order are one purchase: as one they would all be read.
            raise serializers.ValidationError(f"{why_shortened(text)}.")
        return text or None


@extend_schema_field({"type": "string", "default": PURCHASE})
class EventTypeField(TextField):
    def to_internal_value(self, data):
        return (super().to_internal_value(data) or PURCHASE).lower()


@extend_schema_field({"type": "string", "maxLength": LONGEST_TEXT})
class CustomerField(SentField):
    """An id is answered as it was sent, blanks and all: by it the program finds its customer again."""

    def to_internal_value(self, data):
        is_text = isinstance(data, (str, int)) and not isinstance(data, bool)
        if not is_text or not 0 < len(str(data).strip()) <= LONGEST_TEXT:
            raise serializers.ValidationError(NO_CUSTOMER)
        return str(data)


@extend_schema_field({"type": "number", "format": "double"})
class NumberField(SentField):
    def to_internal_value(self, data):
        try:
            number = (
                float(data) if isinstance(data, (int, float, str)) and not isinstance(data, bool) else None
            )
        except (ValueError, OverflowError):
            number = None
        if number is None or not abs(number) < LARGEST:
            raise serializers.ValidationError(f"{_shown(data)} is no number. Send one such as 150.50.")
        return number


@extend_schema_field({"type": "string"})
class MomentField(SentField):
    """An instant or a day. A log has no time zone; where one is sent, all instants are compared in UTC."""

    def to_internal_value(self, data):
        try:
            moment = datetime.fromisoformat(data) if isinstance(data, str) else None
        except ValueError:
            moment = None
        if moment is None or not 1900 <= moment.year <= 9000:
            raise serializers.ValidationError(
                f"{_shown(data)} is no date. Send one such as 2024-01-15 or 2024-01-15T18:30:00."
            )
        return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


@extend_schema_field({"type": "string", "enum": LOG_TYPES})
class ModelTypeField(SentField):
    """Which types there are is answered by the service, with a code of its own."""

    def to_internal_value(self, data):
        return data


class TransactionsInput(serializers.ListSerializer):
    default_error_messages = {"required": NO_LIST, "null": NO_LIST}

    def to_internal_value(self, data):
        if not isinstance(data, list):
            raise serializers.ValidationError([NO_LIST])
        if not 0 < len(data) <= MOST_EVENTS:
            raise serializers.ValidationError([f"Send 1 to {MOST_EVENTS:,} transactions, not {len(data):,}."])
        # Of visits nobody sends one. Whether the model needs them is known where it is found.
        self.knows_amounts = any(isinstance(each, dict) and _has_amount(each) for each in data)
        return super().to_internal_value(data)


class TransactionInput(serializers.Serializer):
    event_date = MomentField(
        source="event_at",
        missing=NO_DATE,
        help_text="2024-01-15, or with a time: 2024-01-15T18:30:00.",
    )
    amount = NumberField(
        help_text="Needed for every purchase, unless the model learned from a log without amounts, such as "
        "one of visits."
    )
    event_type = EventTypeField()
    order_id = TextField(help_text="Rows of one order are one purchase.")
    product = TextField()
    category = TextField()
    quantity = NumberField()
    discount = NumberField()

    default_error_messages = {"invalid": NO_OBJECT, "null": NO_OBJECT}

    class Meta:
        list_serializer_class = TransactionsInput

    def to_internal_value(self, data):
        """Return the transaction as an `Event`, or name all of its faults at once."""
        lacks = self.parent.knows_amounts and isinstance(data, dict) and _lacks_amount(data)
        lacking = {"amount": [NO_AMOUNT]} if lacks else {}
        try:
            found = super().to_internal_value(data)
        except serializers.ValidationError as refused:
            raise serializers.ValidationError(refused.detail | lacking) from refused
        if lacking:
            raise serializers.ValidationError(lacking)
        return {"event_type": PURCHASE} | {name: value for name, value in found.items() if value is not None}


class PredictInput(serializers.Serializer):
    customer_id = CustomerField(missing=NO_CUSTOMER)
    transactions = TransactionInput(many=True)
    as_of = MomentField(
        help_text="The instant at which the prediction is made: what happened at or after it is ignored. "
        "By default the end of the latest purchase log, or of today if logs are sent as they grow; the "
        "answer says which.",
    )
    model_type = ModelTypeField(
        help_text="The type of model whose latest deployed version scores; by default the champion does.",
    )


def _has_amount(sent):
    return sent.get("amount") not in (None, "")


def read_history(sent: object) -> dict:
    """Return `sent` by the names of `PredictInput`, with events for transactions.

    Raises
    ------
    predictions.services.histories.HistoryRefused
        Names up to 20 faults by their place.
    """
    read = PredictInput(data=sent if isinstance(sent, dict) else {})
    if not read.is_valid():
        raise HistoryRefused(dict(list(_faults(read.errors))[:MOST_FAULTS]))
    return read.validated_data


def _lacks_amount(sent):
    kind = str(sent.get("event_type") or PURCHASE).strip().lower() or PURCHASE
    return kind in (PURCHASE, RETURN) and not _has_amount(sent)


def _faults(found, place="") -> Iterator[tuple[str, str]]:
    """Walk through errors as serializers nest them, and say of each where it is: transactions[1].amount."""
    if isinstance(found, dict):
        for name, inner in found.items():
            yield from _faults(inner, _place_of(name, place))
    else:
        yield place, str(found[0])


def _place_of(name, place):
    if isinstance(name, int):
        return f"{place}[{name}]"
    if name == api_settings.NON_FIELD_ERRORS_KEY:
        return place
    return f"{place}.{name}" if place else name


def _shown(value):
    text = str(value)
    return f"“{text[:60]}{'…' if len(text) > 60 else ''}”"
