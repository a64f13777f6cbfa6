"""What a developer sends to train: a file and why; or a table that is described for the first time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.conf import settings

from companies.services.conditions import LONGEST_REASON
from core.forms import SentOnceForm
from intake.forms import DATE_ORDERS, DECIMALS, BadRowsForm
from ml.model_types.catalogue import MODEL_TYPES
from registry.services.model_types import LOG_TYPES, USUAL_LOG_TYPE
from registry.services.populations import LONGEST_CURRENCY, LONGEST_NAME
from tabular.snapshots.inference import Inferred
from tabular.snapshots.plan import Choices
from training.presenting.leaks import STOP, Leak
from training.presenting.own_tables import who_left_choices
from training.services.retraining import SEARCH
from transactions.forms import FEATURE_SET_CHOICES

KEEP, LEAVE_OUT = "keep", "leave_out"


class StartForm(SentOnceForm, BadRowsForm):
    """Why, for a file that was checked."""

    kept = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        help_text="It stands beside the version, for those who ask later why it was made.",
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


# --- A table of the company's own ------------------------------------------------------------------------


class DescribeTableForm(BadRowsForm):
    """What a person says of a table: its name, who left, who is who, and for each column its type and use."""

    name = forms.CharField(
        label="Name of these customers",
        max_length=LONGEST_NAME,
        help_text="Pages call them by it, as in “Members of the gym”.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    who_left = forms.ChoiceField(
        label="Who left?",
        error_messages={
            "required": "Choose the column and the value that say who left.",
            "invalid_choice": "No column of the file says that. Choose one of the list.",
        },
    )
    id_column = forms.ChoiceField(label="What names a customer?", required=False)

    def __init__(self, *args, inferred: Inferred, choices: Choices, **kwargs):
        super().__init__(*args, **kwargs)
        self.inferred = inferred
        self._ask_who(choices)
        for place, column in enumerate(inferred.columns):
            self._ask_about(place, column, choices)

    def _ask_who(self, choices):
        self.fields["who_left"].choices = [
            ("", "Choose the column and its value"),
            *who_left_choices(self.inferred),
        ]
        self.initial.setdefault("who_left", self._key_of(choices.outcome, choices.left_value))
        ids = [(str(p), c.name) for p, c in enumerate(self.inferred.columns) if self._may_name(c)]
        self.fields["id_column"].choices = [("", "Nothing: call each after its row, as in Row 17"), *ids]
        self.initial.setdefault("id_column", self._place_of(choices.id_column))

    def _may_name(self, column):
        return not column.nameless and ("id" in column.possible or column.name == self.inferred.id_column)

    def _ask_about(self, place, column, choices):
        name = column.name
        self.fields[f"kind-{place}"] = forms.ChoiceField(
            label=f"Type of {name}",
            choices=[(kind, kind) for kind in column.possible],
            initial=choices.kinds.get(name, column.kind),
            required=False,
        )
        self.fields[f"use-{place}"] = forms.BooleanField(
            label=f"Learn from {name}",
            # Where somebody chooses another outcome, the one before it is no longer learned from by accident.
            initial=not column.nameless
            and name not in (*choices.left_out, choices.outcome, choices.id_column),
            required=False,
            disabled=column.nameless,
        )
        if column.written["date_order_ambiguous"]:
            self._ask_how(f"order-{place}", f"Dates of {name}", DATE_ORDERS, choices.date_orders.get(name))
        if column.written["decimal_ambiguous"]:
            self._ask_how(f"decimal-{place}", f"Numbers of {name}", DECIMALS, choices.decimals.get(name))

    def _ask_how(self, key, label, answers, initial):
        self.fields[key] = forms.ChoiceField(
            label=label, choices=[("", "Please say"), *answers], initial=initial, required=False
        )

    @property
    def choices(self) -> Choices:
        """What was decided, as the services take it."""
        found = self.cleaned_data
        columns = list(enumerate(self.inferred.columns))
        outcome, left_value = self._who_left()
        id_place = found["id_column"]
        id_column = self.inferred.columns[int(id_place)].name if id_place else None
        return Choices(
            outcome=outcome,
            left_value=left_value,
            id_column=id_column,
            kinds={c.name: found[f"kind-{p}"] for p, c in columns if found[f"kind-{p}"] not in ("", c.kind)},
            left_out=tuple(
                c.name
                for p, c in columns
                if not found[f"use-{p}"] and not c.nameless and c.name not in (outcome, id_column)
            ),
            date_orders=self._answers("order"),
            decimals=self._answers("decimal"),
        )

    def _answers(self, what):
        found = self.cleaned_data
        answers = {c.name: found.get(f"{what}-{p}") for p, c in enumerate(self.inferred.columns)}
        return {name: answer for name, answer in answers.items() if answer}

    def _who_left(self):
        place, number = map(int, self.cleaned_data["who_left"].split(":"))
        column = self.inferred.columns[place].name
        candidate = next(found for found in self.inferred.outcomes if found.column == column)
        return column, candidate.values[number][0]

    def _key_of(self, outcome, left_value):
        """Return the choice that stands for a column and its value; empty where nobody said both."""
        for candidate in self.inferred.outcomes:
            values = [value for value, _ in candidate.values]
            if candidate.column == outcome and left_value in values:
                return f"{self._place_of(outcome)}:{values.index(left_value)}"
        return ""

    def _place_of(self, name):
        return next((str(p) for p, c in enumerate(self.inferred.columns) if c.name == name), "")

    def field_of(self, column: str | None, code: str) -> str | None:
        """Return the field at which a refusal that is about `column` is shown."""
        place = self._place_of(column)
        by_code = {"ambiguous_dates": f"order-{place}", "ambiguous_numbers": f"decimal-{place}"}
        wanted = by_code.get(code, f"kind-{place}")
        if code == "needs_mapping" or column == (self._who_left()[0] if self.is_valid() else None):
            wanted = "who_left"
        return wanted if wanted in self.fields else None


@dataclass(frozen=True)
class OfferedType:
    """What may be chosen as the type of a model: its slug, and what is said of it."""

    slug: str
    name: str
    description: str
    pace: str


def search_offer() -> OfferedType:
    """Return the choice to have several types tried."""
    names = [MODEL_TYPES[slug].name for slug in settings.SEARCH_MODEL_TYPES]
    return OfferedType(
        SEARCH,
        "The best of several",
        f"{', '.join(names[:-1])} and {names[-1]} are each tried with several settings on the same "
        "customers. The best of them learns, and you see how all of them did.",
        f"Takes up to {_minutes(settings.SEARCH_SECONDS)} longer than one type",
    )


def _minutes(seconds):
    minutes = max(1, round(seconds / 60))
    return "a minute" if minutes == 1 else f"{minutes} minutes"


class TypeForm(SentOnceForm):
    """Which type of model learns; each of `types` has a slug, a name and a description."""

    model_type = forms.ChoiceField(label="Type of model", widget=forms.RadioSelect)

    def __init__(self, *args, types: Sequence, suggested: str, searches: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        offered = [OfferedType(t.slug, t.name, t.description, MODEL_TYPES[t.slug].pace) for t in types]
        # The suggested one first, then the search where there is one.
        self.types = sorted(
            [*([search_offer()] if searches else []), *offered], key=lambda found: found.slug != suggested
        )
        self.fields["model_type"].choices = [(found.slug, found.name) for found in self.types]
        self.initial.setdefault("model_type", suggested)

    @property
    def offered(self) -> list[dict]:
        """Each type beside its radio button, the suggested one first."""
        return [
            {"radio": radio, "type": found}
            for radio, found in zip(self["model_type"], self.types, strict=True)
        ]


class LogTrainingForm(TypeForm):
    """With what a purchase log is learned."""

    feature_set = forms.ChoiceField(
        choices=FEATURE_SET_CHOICES,
        widget=forms.RadioSelect,
        label="Features",
        help_text="What is known of each customer. They are computed first if that was not done yet.",
    )

    def __init__(self, *args, **kwargs):
        types = [MODEL_TYPES[slug] for slug in LOG_TYPES]
        super().__init__(*args, types=types, suggested=USUAL_LOG_TYPE, **kwargs)

    @staticmethod
    def usual(trainings) -> dict:
        """Return what was chosen last time; at first the first of each."""
        latest = trainings.first()
        if latest is None or latest.matrix is None:
            return {"model_type": USUAL_LOG_TYPE, "feature_set": FEATURE_SET_CHOICES[0][0]}
        return {"model_type": latest.model_type.slug, "feature_set": latest.matrix.feature_set}


class StartTypeForm(TypeForm, StartForm):
    """Why, and which type learns next, for a file of a base that has models already."""


class FirstTrainingForm(TypeForm):
    """The last word before a table is learned from: suspicious columns, the type, a customer's worth."""

    value_column = forms.ChoiceField(
        label="What a customer is worth a month",
        required=False,
        help_text="A number of the table. With it, pages say how much money is at risk.",
    )
    currency = forms.CharField(
        max_length=LONGEST_CURRENCY,
        required=False,
        help_text="As in EUR.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def __init__(self, *args, leaks: tuple[Leak, ...], numbers: list[str], **kwargs):
        super().__init__(*args, **kwargs)
        self.leaks = leaks
        self.fields["value_column"].choices = [("", "The table does not say"), *((n, n) for n in numbers)]
        for place, leak in enumerate(leaks):
            self.fields[f"leak-{place}"] = forms.ChoiceField(
                label=leak.column,
                choices=(
                    (LEAVE_OUT, "Leave it out"),
                    (KEEP, "Keep it: it is known while the customer can still be kept"),
                ),
                initial=LEAVE_OUT if leak.level == STOP else KEEP,
                widget=forms.RadioSelect,
            )

    @property
    def asked(self) -> list[dict]:
        """Each suspicious column beside its question."""
        return [{"leak": leak, "field": self[f"leak-{place}"]} for place, leak in enumerate(self.leaks)]

    def _decided(self, answer):
        return tuple(
            leak.column
            for place, leak in enumerate(self.leaks)
            if self.cleaned_data[f"leak-{place}"] == answer
        )

    @property
    def left_out(self) -> tuple[str, ...]:
        return self._decided(LEAVE_OUT)

    @property
    def kept(self) -> tuple[str, ...]:
        return self._decided(KEEP)
