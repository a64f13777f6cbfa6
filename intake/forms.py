"""The shape of what people send together with a file."""

from django import forms

from intake.services.checking import LEAVE_OUT, REFUSE
from tabular.source.encodings import BY_HAND

# What a person answers where a column leaves open how it is written.
DATE_ORDERS = (("DMY", "Day first"), ("MDY", "Month first"))
DECIMALS = ((".", "A point before decimals"), (",", "A comma before decimals"))


class UploadField(forms.FileField):
    """A table. An empty one is let through: it is refused with the words of the file check."""

    def __init__(self, **options):
        super().__init__(
            allow_empty_file=True, widget=forms.FileInput({"accept": ".csv,.tsv,.txt,.xlsx"}), **options
        )


class BadRowsForm(forms.Form):
    """What to do with rows that cannot be read; asked only after a refusal."""

    bad_rows = forms.ChoiceField(
        choices=((REFUSE, "Refuse the file"), (LEAVE_OUT, "Leave them out")),
        required=False,
        widget=forms.HiddenInput,
    )

    def clean_bad_rows(self):
        return self.cleaned_data["bad_rows"] or REFUSE


class SentOnForm(forms.Form):
    """A form with a `file` of its own, or one that was refused elsewhere, kept, and is sent on."""

    kept = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self["kept"].value():
            self.fields["file"].required = False

    @property
    def upload(self):
        """What the service takes in: the file that came along, or else the token of the one that was kept."""
        return self.cleaned_data["file"] or self.cleaned_data["kept"]


class ReadingForm(forms.Form):
    """How a file is read, where that has to be said: its letters, or which sheet of a workbook."""

    sheet = forms.CharField(required=False, widget=forms.HiddenInput)
    encoding = forms.ChoiceField(
        choices=[("", "Recognise it"), *BY_HAND.items()],
        label="Encoding",
        required=False,
        help_text="Choose the encoding if names look wrong.",
    )

    @property
    def reading(self) -> dict[str, str]:
        """What was said about it; empty where it is to be recognised."""
        return {name: self.cleaned_data[name] for name in ("encoding", "sheet")}


class TableForm(SentOnForm, ReadingForm, BadRowsForm):
    """A file; or, after a refusal, the same file without the rows that cannot be read."""

    file = UploadField(required=False)

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("kept") and not cleaned.get("file") and "file" not in self.errors:
            self.add_error("file", "Choose a CSV or XLSX file with a name.")
        return cleaned

    @property
    def bad_rows(self) -> str:
        return self.cleaned_data["bad_rows"]
