"""The shape of a churn definition, asked for or confirmed."""

from django import forms

from transactions.services.configuration import (
    LONGEST_GAP,
    LONGEST_HORIZON,
    LONGEST_WINDOW,
    SHORTEST_HORIZON,
)


class ChurnForm(forms.Form):
    horizon_days = forms.IntegerField(
        min_value=SHORTEST_HORIZON,
        max_value=LONGEST_HORIZON,
        label="Horizon: days without a purchase",
        widget=forms.NumberInput({"type": "range", "step": 1, "autocomplete": "off"}),
    )
    gap_days = forms.IntegerField(
        min_value=0,
        max_value=LONGEST_GAP,
        required=False,
        label="Gap, in days",
        help_text="Time to act between the cutoff and the horizon. Usually 0.",
    )
    active_window_days = forms.IntegerField(
        min_value=1,
        max_value=LONGEST_WINDOW,
        required=False,
        label="Active window, in days",
        help_text="Empty: as long as the horizon.",
    )

    def clean_gap_days(self):
        return self.cleaned_data["gap_days"] or 0
