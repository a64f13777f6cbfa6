from django import forms

from core.fresh import fresh_token

CHOOSE_ONE = "That is not on the list. Choose one of those shown."


def choose_in_words() -> None:
    """Let every refused choice be told without the code that was sent, which no page shows."""
    for field in (forms.ChoiceField, forms.MultipleChoiceField, forms.ModelChoiceField):
        field.default_error_messages["invalid_choice"] = CHOOSE_ONE


class SentOnceForm(forms.Form):
    """A form of which two sends carry the same token and start one thing: a double click is one click."""

    token = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["token"].initial = fresh_token

    @property
    def idempotency_key(self) -> str | None:
        token = self.cleaned_data["token"]
        return str(token) if token else None
