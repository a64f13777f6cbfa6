import uuid

from django import forms


class SentOnceForm(forms.Form):
    """A form of which two sends carry the same token and start one thing: a double click is one click."""

    token = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["token"].initial = uuid.uuid4

    @property
    def idempotency_key(self) -> str | None:
        token = self.cleaned_data["token"]
        return str(token) if token else None
