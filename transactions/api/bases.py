"""Of which customers a log is, as programs say it with the file."""

from rest_framework import serializers

from companies.identity import Member
from core.api import KnownFields
from registry.access import log_base_or_404
from registry.services.populations import LONGEST_NAME


class LogBaseInput(KnownFields):
    base = serializers.CharField(
        default="",
        help_text="UUID or name of the customer base whose purchases these are; by default the first of your "
        "company, made with the first log.",
    )
    new_base = serializers.CharField(
        default="",
        max_length=LONGEST_NAME,
        help_text="Name of a new customer base instead, made of this log; for developers.",
    )


def named_bases(member: Member, sent: dict) -> dict:
    """Return what a valid `LogBaseInput` says to `transactions.services.uploads.start_analysis`."""
    named = sent["base"] and log_base_or_404(member.company, sent["base"])
    return {"population": named or None, "new_base": sent["new_base"]}
