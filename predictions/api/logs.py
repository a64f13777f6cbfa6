"""What a program sends to have the customers of a purchase log scored, or a newer export of them."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import serializers

from companies.identity import Member
from intake.api import ReadingInput, TableField
from predictions.models import Prediction
from predictions.services.logs import start_log_prediction
from predictions.services.renewing import start_newer_prediction
from predictions.services.runs import VersionNotOffered
from registry.models import ModelVersion
from registry.selectors import offered_versions
from transactions.selectors import analyses_for, ready_analyses_for


class LogRunInput(ReadingInput):
    """The customers of a purchase log; with a file, those of its next export."""

    log = serializers.UUIDField(help_text="Id of a purchase log: the `session_id` of `/api/v1/upload`.")
    file = TableField(
        required=False,
        help_text="A newer export of the same customers, CSV or XLSX: it is read as the log was, and scored.",
    )
    name = serializers.CharField(
        max_length=255,
        required=False,
        default="",
        help_text="The name of the prediction; by default that of the log.",
    )
    model = serializers.IntegerField(
        required=False,
        help_text="Id of a version that learned from these purchases; default: the champion.",
    )

    def validate(self, attrs):
        if "file" in attrs and "model" in attrs:
            raise serializers.ValidationError(
                {"model": "A newer export is scored by the champion. Leave the model out."}
            )
        return attrs


def find_offered(member: Member, wanted: dict) -> ModelVersion:
    """Return the version that `wanted` names by ``model``, and perhaps by its ``base``.

    Raises
    ------
    VersionNotOffered
        There is none, not for this member, or not in that base.
    """
    offered = offered_versions(member)
    version = offered.filter(pk=wanted["model"]).first()
    if version is None:
        raise VersionNotOffered(
            f"There is no model {wanted['model']} to choose. Take the id of one of /api/v1/models.",
            field="model",
        )
    if wanted.get("base", version.population.uuid) != version.population.uuid:
        raise VersionNotOffered(
            f"{version} is of {version.population}, not of the customer base that was sent along. Choose "
            f"one of /api/v1/models?base={wanted['base']}.",
            field="model",
        )
    return version


def start_log_run(*, member: Member, wanted: dict, idempotency_key: str | None) -> Prediction:
    """Start what a valid `LogRunInput` asks for; what is not the member's does not exist."""
    sent = {"name": wanted["name"], "idempotency_key": idempotency_key, "at": timezone.now()}
    if "file" in wanted:
        earlier = get_object_or_404(ready_analyses_for(member), pk=wanted["log"])
        said = {name: wanted[name] for name in ("encoding", "sheet")}
        return start_newer_prediction(member=member, earlier=earlier, upload=wanted["file"], **said, **sent)
    analysis = get_object_or_404(analyses_for(member), pk=wanted["log"])
    version = None
    if "model" in wanted:
        version = find_offered(member, wanted)
    return start_log_prediction(member=member, analysis=analysis, version=version, **sent)
