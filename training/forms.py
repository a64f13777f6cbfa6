"""The shape of what a developer sends to retrain: first the file, then why."""

from __future__ import annotations

from django import forms

from core.forms import SentOnceForm
from registry.uploads import LEAVE_OUT, REFUSE
from training.services.retraining import LONGEST_REASON


class _BadRows(forms.Form):
    bad_rows = forms.ChoiceField(
        choices=((REFUSE, "Refuse the file"), (LEAVE_OUT, "Leave them out")),
        required=False,
        widget=forms.HiddenInput,
    )

    def clean_bad_rows(self):
        return self.cleaned_data["bad_rows"] or REFUSE


class UploadForm(_BadRows):
    """A file; or, after a refusal, the same file without the rows that cannot be read."""

    file = forms.FileField(
        required=False,
        allow_empty_file=True,  # an empty file is refused with the words of the file check
        widget=forms.FileInput({"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    kept = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("kept") and not cleaned.get("file") and "file" not in self.errors:
            self.add_error("file", "Choose a CSV or XLSX file with a name.")
        return cleaned


class StartForm(SentOnceForm, _BadRows):
    """Why, for a file that was checked."""

    kept = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        help_text="It stands beside the version, for whoever asks later why it was made.",
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": "Say why you retrain."},
    )


class CampaignForm(forms.Form):
    """What a campaign is supposed to cost and to bring, for the profit curves."""

    value = forms.FloatField(
        label="A kept customer is worth",
        min_value=0.01,
        max_value=1e9,
        widget=forms.NumberInput({"step": "any"}),
    )
    cost = forms.FloatField(
        label="One contact costs", min_value=0, max_value=1e9, widget=forms.NumberInput({"step": "any"})
    )
    success = forms.FloatField(
        label="Of those who would leave, stay after it",
        min_value=0.1,
        max_value=100,
        help_text="Per cent.",
        widget=forms.NumberInput({"step": "any"}),
    )

    @classmethod
    def of(cls, request, stored: dict) -> CampaignForm:
        """Return the form with what was asked for, or else with what the comparison supposed."""
        supposed = {"value": stored["value"], "cost": stored["cost"], "success": 100 * stored["success_rate"]}
        asked = {name: request.GET[name] for name in supposed if name in request.GET}
        return cls(supposed | asked)

    @property
    def campaign(self) -> dict | None:
        """The amounts; None where one of them makes no sense."""
        if not self.is_valid():
            return None
        found = self.cleaned_data
        return {"value": found["value"], "cost": found["cost"], "success_rate": found["success"] / 100}
