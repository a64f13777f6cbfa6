"""The shape of what people send: the Predict form, the filters of the history and of a result."""

import django_filters
from django import forms

from core.days import beginning_of, end_of
from core.forms import SentOnceForm
from intake.forms import TableForm
from predictions.models import Prediction


class VersionChoice(forms.ModelChoiceField):
    def label_from_instance(self, version):
        return str(version)


class VersionOfBaseChoice(django_filters.fields.ModelChoiceField):
    """Versions with their customers: each base has a "Logistic Regression v1" of its own."""

    def label_from_instance(self, version):
        return f"{version} · {version.population}"


class VersionOfBaseFilter(django_filters.ModelChoiceFilter):
    field_class = VersionOfBaseChoice


class PredictionForm(SentOnceForm, TableForm):
    """Name, model, file; and, after a refusal, what to do with the rows that cannot be read."""

    # What is wrong is listed in the order of the page.
    field_order = ("name", "model", "file", "as_of")

    name = forms.CharField(
        max_length=255,
        help_text="You will find it by this name in the history.",
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": "Give the prediction a name."},
    )
    model = VersionChoice(
        queryset=None,
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={
            "required": "Choose a model.",
            "invalid_choice": "There is no such model. Choose one of the list.",
        },
    )

    as_of = forms.DateField(
        label="As of",
        required=False,
        help_text="The day from which the dates of the file are counted back. If empty, the latest date in "
        "the file. Give it for a part of a list, so that it scores like the whole.",
        widget=forms.DateInput({"type": "date"}),
        error_messages={"invalid": "Give the day as in 2026-11-30."},
    )

    def __init__(self, *args, versions, champion=None, has_dates=False, **kwargs):
        super().__init__(*args, **kwargs)
        if not has_dates:
            del self.fields["as_of"]
        self.fields["model"].queryset = versions
        self.fields["model"].initial = champion


class RenameForm(forms.Form):
    name = forms.CharField(
        max_length=255,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": "Give the prediction a name."},
    )


class HistoryFilter(django_filters.FilterSet):
    """Person, customers, model and date. Dates are days of this installation's time zone, both included."""

    OWN, EVERYBODY = "me", "all"

    person = django_filters.ChoiceFilter(method="made_by", label="Person", empty_label=None)
    base = django_filters.ModelChoiceFilter(
        "population", label="Customer base", queryset=None, empty_label="All", to_field_name="uuid"
    )
    model = VersionOfBaseFilter(label="Model", queryset=None, empty_label="All models")
    since = django_filters.DateFilter(
        method="from_day", label="From", widget=forms.DateInput({"type": "date"})
    )
    until = django_filters.DateFilter(method="to_day", label="To", widget=forms.DateInput({"type": "date"}))

    class Meta:
        model = Prediction
        fields = ()

    def __init__(self, data, *, queryset, member, people, versions, bases):
        self.member = member
        data = data.copy()
        data.setdefault("person", self.EVERYBODY if member.is_developer else self.OWN)
        super().__init__(data, queryset=queryset)
        everybody = (self.EVERYBODY, f"Everybody at {member.company}")
        # On the filter and not on the form: a copy of the choices is made when the form is built.
        self.filters["person"].extra["choices"] = [(self.OWN, "Me"), everybody, *people]
        self.filters["model"].extra["queryset"] = versions
        if bases:
            self.filters["base"].extra["queryset"] = bases
        else:
            del self.filters["base"]

    @property
    def narrows(self) -> bool:
        """Whether anything but the person was chosen."""
        return any(self.data.get(name) for name in ("base", "model", "since", "until"))

    def made_by(self, queryset, name, value):
        if value == self.EVERYBODY:
            return queryset
        if value == self.OWN:
            return queryset.made_by(self.member)
        role, _, key = value.partition("-")
        return queryset.filter(**{f"{role}_id": key})

    # Not `created_at__date`: MariaDB answers that with nothing where its time zone tables are not loaded.
    def from_day(self, queryset, name, value):
        return queryset.filter(created_at__gte=beginning_of(value))

    def to_day(self, queryset, name, value):
        return queryset.filter(created_at__lt=end_of(value))
