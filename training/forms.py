"""The shape of what a developer sends to retrain: first the file, then why."""

from __future__ import annotations

from django import forms

from core.forms import SentOnceForm
from intake.forms import BadRowsForm
from ml.logs.log_models import TYPES
from ml.model_types.catalogue import MODEL_TYPES
from training.services.retraining import LONGEST_REASON
from transactions.forms import FEATURE_SET_CHOICES


class StartForm(SentOnceForm, BadRowsForm):
    """Why, for a file that was checked."""

    kept = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        help_text="It stands beside the version, for whoever asks later why it was made.",
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": "Say why you retrain."},
    )


def _types():
    return [(slug, MODEL_TYPES[slug].name) for slug in TYPES]


class LogTrainingForm(SentOnceForm):
    """With what a purchase log is learned."""

    model_type = forms.ChoiceField(choices=_types, widget=forms.RadioSelect, label="Type of model")
    feature_set = forms.ChoiceField(
        choices=FEATURE_SET_CHOICES,
        widget=forms.RadioSelect,
        label="Features",
        help_text="What is known of each customer. They are computed first, where they are not there yet.",
    )

    @staticmethod
    def usual(trainings) -> dict:
        """Return what was chosen last time; at first the first of each."""
        latest = trainings.first()
        if latest is None or latest.matrix is None:
            return {"model_type": TYPES[0], "feature_set": FEATURE_SET_CHOICES[0][0]}
        return {"model_type": latest.model_type.slug, "feature_set": latest.matrix.feature_set}


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
