"""The shape of what a developer sends to change what serves the company, and to read the ledger."""

import django_filters
from django import forms

from core.days import beginning_of, end_of
from registry.models import DeploymentEvent, ModelDeployment
from registry.services.ledger import MOST_REASON


class ReasonForm(forms.Form):
    """Why something is changed. It stands in the ledger for good."""

    reason = forms.CharField(
        max_length=MOST_REASON,
        widget=forms.Textarea({"rows": 3}),
        help_text="It stands in the ledger for good, beside your name.",
        error_messages={"required": "Say why: whoever reads the ledger later will want to know."},
    )


class DeployForm(ReasonForm):
    role = forms.ChoiceField(
        label="As what",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose as what it serves."},
    )
    field_order = ("role", "reason")

    def __init__(self, *args, roles, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]
        if self.initial.get("role") not in roles:
            self.initial["role"] = roles[0].value


class InstantForm(forms.Form):
    at = forms.DateTimeField(
        required=False,
        label="Date and time",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "Give a date and a time, as in 2026-03-02 12:00."},
    )


class LedgerFilter(django_filters.FilterSet):
    """Version, action, person and date. Dates are days of this installation's time zone, both included."""

    version = django_filters.ModelChoiceFilter(label="Model", queryset=None, empty_label="All models")
    action = django_filters.ChoiceFilter(
        label="Action", choices=DeploymentEvent.Action.choices, empty_label="All actions"
    )
    actor = django_filters.ChoiceFilter("actor_name", label="Person", choices=(), empty_label="Everybody")
    since = django_filters.DateFilter(
        method="from_day", label="From", widget=forms.DateInput({"type": "date"})
    )
    until = django_filters.DateFilter(method="to_day", label="To", widget=forms.DateInput({"type": "date"}))

    class Meta:
        model = DeploymentEvent
        fields = ()

    def __init__(self, data, *, queryset, versions, actors):
        super().__init__(data, queryset=queryset)
        self.filters["version"].extra["queryset"] = versions
        # On the filter and not on the form: a copy of the choices is made when the form is built.
        self.filters["actor"].extra["choices"] = [(name, name) for name in actors]

    @property
    def narrows(self) -> bool:
        return any(self.data.get(name) for name in self.filters)

    # Not `at__date`: MariaDB answers that with nothing where its time zone tables are not loaded.
    def from_day(self, queryset, name, value):
        return queryset.filter(at__gte=beginning_of(value))

    def to_day(self, queryset, name, value):
        return queryset.filter(at__lt=end_of(value))


def possible_roles(deployment: ModelDeployment | None) -> list[ModelDeployment.Role]:
    """Return as what a version may be deployed that serves as `deployment` now, if it does."""
    return [role for role in ModelDeployment.Role if deployment is None or role != deployment.role]
