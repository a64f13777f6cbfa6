from django import forms

from core.fresh import fresh_token


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
