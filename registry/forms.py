"""What a developer sends: to change what serves, to read the ledger, to describe a customer base."""

import django_filters
from django import forms

from core.days import beginning_of, end_of
from ml.serving.risk import POLICIES
from registry.models import DeploymentEvent, ModelDeployment, Population
from registry.presenting.base_columns import columns_of
from registry.presenting.bases import tiers_in_words
from registry.services.ledger import MOST_REASON
from registry.services.populations import LONGEST_CURRENCY, LONGEST_NAME

LONGEST_LABEL, LONGEST_UNIT = 80, 40


class ReasonForm(forms.Form):
    """Why something is changed. It stands in the ledger for good."""

    reason = forms.CharField(
        max_length=MOST_REASON,
        widget=forms.Textarea({"rows": 3}),
        help_text="It stands in the ledger for good, beside your name.",
        error_messages={"required": "Say why: those who read the ledger later will want to know."},
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


class RollBackForm(ReasonForm):
    """Names the champion that the page showed: a form that is sent twice goes back once."""

    champion = forms.IntegerField(required=False, widget=forms.HiddenInput)


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


# --- Customer bases --------------------------------------------------------------------------------------


class DescribeBaseForm(forms.Form):
    """Name and rules of a base, and for each column what people call it and its unit."""

    name = forms.CharField(max_length=LONGEST_NAME, widget=forms.TextInput({"autocomplete": "off"}))
    currency = forms.CharField(
        max_length=LONGEST_CURRENCY,
        required=False,
        help_text="As in EUR. It stands beside amounts of money.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    risk_tiers = forms.ChoiceField(
        label="Risk tiers",
        choices=[(name, tiers_in_words(name)) for name in POLICIES],
        widget=forms.RadioSelect,
        help_text="By probability of leaving. They count from the next prediction on.",
    )
    promotion = forms.ChoiceField(
        label="How a new model becomes champion",
        choices=Population.Promotion.choices,
        widget=forms.RadioSelect,
    )
    slices = forms.MultipleChoiceField(
        label="Groups",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="For each of these columns, the next model also shows how good it is group by group.",
    )

    def __init__(self, *args, base: Population, **kwargs):
        super().__init__(*args, initial=_now(base), **kwargs)
        self.base = base
        self.columns = [column.name for column in columns_of(base) if column.role == "feature"]
        if base.is_log:
            del self.fields["slices"]
            return
        self.fields["slices"].choices = [(c.name, base.label_of(c.name)) for c in base.features.categorical]
        for place, name in enumerate(self.columns):
            self._add_words(place, name)

    def _add_words(self, place, name):
        told = self.base.wording.get(name, {})
        for key, what, longest in (("label", "Called", LONGEST_LABEL), ("unit", "Unit", LONGEST_UNIT)):
            self.fields[f"{key}-{place}"] = forms.CharField(
                label=f"{what}: {name}",
                max_length=longest,
                required=False,
                initial=told.get(key, ""),
                widget=forms.TextInput({"autocomplete": "off"}),
            )

    @property
    def rows(self) -> list[dict]:
        """For each column its name as in the file, and its two fields."""
        return [
            {"column": name, "label": self[f"label-{place}"], "unit": self[f"unit-{place}"]}
            for place, name in enumerate(self.columns)
        ]

    @property
    def changes(self) -> dict:
        """What the service is to change."""
        found, base = self.cleaned_data, self.base
        asked = {name: found[name] for name in ("risk_tiers", "promotion") if name in found}
        changes = {"name": found["name"], "currency": found["currency"], "policies": base.policies | asked}
        if base.is_log:
            return changes
        return changes | {"slices": found["slices"], "wording": self._wording()}

    def _wording(self):
        """Return the words of all columns: what is not asked here, such as names of values, stays."""
        wording = {name: dict(told) for name, told in self.base.wording.items()}
        for place, name in enumerate(self.columns):
            told = wording.setdefault(name, {})
            for key in ("label", "unit"):
                told[key] = self.cleaned_data[f"{key}-{place}"]
                if not told[key]:
                    del told[key]
        return {name: told for name, told in wording.items() if told}


def _now(base):
    return {
        "name": base.name,
        "currency": base.currency,
        "slices": base.slices,
        **{name: base.policies.get(name) for name in ("risk_tiers", "promotion")},
    }


class ArchiveForm(forms.Form):
    """Why a base is put away."""

    reason = forms.CharField(
        max_length=MOST_REASON,
        widget=forms.Textarea({"rows": 3}),
        help_text="It stands in the audit log, beside your name.",
        error_messages={"required": "Say why: those who look for these customers later will want to know."},
    )
