"""The shape of what people send: a log, what its columns mean, which features, who is lost."""

from collections.abc import Sequence

from django import forms

from core.forms import SentOnceForm
from intake.forms import DATE_ORDERS, DECIMALS, ReadingForm, SentOnForm, UploadField
from ml.logs.features.catalogue import FEATURE_SETS
from registry.models import Population
from registry.services.populations import LONGEST_NAME
from tabular.logs.mapping import REQUIRED
from tabular.previews.preview import Preview
from tabular.values.event_words import MEANINGS, NEITHER, PURCHASE, RETURN, event_type_of
from transactions.presenting.roles import ROLES
from transactions.services.configuration import (
    LONGEST_GAP,
    LONGEST_HORIZON,
    LONGEST_WINDOW,
    SHORTEST_HORIZON,
)

# Among the customer bases to choose from: none of them.
OTHERS = "others"
WORD_MEANINGS = ((PURCHASE, "A purchase"), (RETURN, "Money back, or cancelled"), (NEITHER, "Neither"))
FEATURE_SET_CHOICES = (
    ("retail_v1", "Retail: everything that can be said about how somebody buys"),
    ("retail_v2", "Retail with windows: the same, and what somebody did lately beside what was usual before"),
    ("rfm_v2", "RFM: eight scores of recency, frequency and value"),
)


class ClosedForm(forms.Form):
    """Days of a log on which nothing was open."""

    first = forms.DateField()
    last = forms.DateField()
    withdrawn = forms.BooleanField(required=False)


class UploadForm(SentOnceForm, SentOnForm, ReadingForm):
    name = forms.CharField(
        max_length=255,
        required=False,
        help_text="You will find it by this name. Default: the name of the file.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    file = UploadField(error_messages={"required": "Choose a file."})
    only_base = None

    def __init__(self, *args, bases: Sequence[tuple[Population, str]] = (), may_add: bool = False, **kwargs):
        """Ask whose purchases these are, where there is more than one answer: `bases` with their words, and
        others whose base is made of this log where somebody `may_add` one.
        """
        super().__init__(*args, **kwargs)
        self._bases = {str(base.uuid): base for base, _ in bases}
        choices = [(str(base.uuid), words) for base, words in bases]
        if not bases or len(bases) + may_add < 2:
            # Nothing to choose for whoever may not add one: the page says where the file goes.
            self.only_base = bases[0][0] if bases else None
            return
        if may_add:
            choices.append((OTHERS, "Other customers, such as those of another shop"))
            self.fields["new_base"] = forms.CharField(
                max_length=LONGEST_NAME,
                required=False,
                label="What are these other customers called?",
                help_text="For other customers alone. It becomes the name of a new customer base.",
                widget=forms.TextInput({"autocomplete": "off"}),
            )
        self.fields["base"] = forms.ChoiceField(
            choices=choices,
            label="Whose purchases are these?",
            help_text="Customers of different kinds are never mixed: each customer base has its own models.",
            widget=forms.RadioSelect,
            error_messages={"required": "Say whose purchases these are."},
        )

    def clean(self):
        super().clean()
        chosen, name = self.cleaned_data.get("base"), self.cleaned_data.get("new_base", "")
        if chosen == OTHERS and not name:
            self.add_error("new_base", "Give these customers a name, such as that of the shop.")
        if chosen in self._bases and name:
            self.add_error(
                "new_base", f"Leave the name empty, or choose other customers than {self.population}."
            )
        return self.cleaned_data

    @property
    def population(self) -> Population | None:
        """The base that was chosen; None where there was nothing to choose, or for a new one."""
        return self._bases.get(self.cleaned_data.get("base", ""))


class MappingForm(forms.Form):
    """One choice for each role: a column of the file, or none. Which of them are needed, the service says."""

    def __init__(self, *args, preview: Preview, **kwargs):
        super().__init__(*args, **kwargs)
        columns = [(name, name) for name in preview.header]
        for role, (label, help_text) in ROLES.items():
            nothing = "Choose a column" if role in REQUIRED else "Not in the file"
            self.fields[role] = forms.ChoiceField(
                choices=[("", nothing), *columns],
                label=label,
                help_text=help_text,
                required=False,
                error_messages={"invalid_choice": "The file has no such column. Choose one of the list."},
            )
        self.fields["date_order"] = forms.ChoiceField(
            choices=DATE_ORDERS, required=False, label="How are dates written?", widget=forms.RadioSelect
        )
        self.fields["decimal"] = forms.ChoiceField(
            choices=DECIMALS, required=False, label="How are numbers written?", widget=forms.RadioSelect
        )

        self.words = self._ask_for_words(preview)

    def _ask_for_words(self, preview):
        """Ask what the words of the event type mean, where a column plays that role; return its fields."""
        chosen = self["event_type"].value()
        column = next((c for c in preview.columns if c.name == chosen), None)
        words = column.words if column else ()
        fields = []
        for number, word in enumerate(words):
            name = f"word-{column.place}-{number}"
            known = event_type_of(word)
            self.fields[name] = forms.ChoiceField(
                choices=WORD_MEANINGS,
                label=word,
                required=False,
                initial=self.initial.get("meanings", {}).get(
                    word.strip().lower(), known if known in MEANINGS else NEITHER
                ),
            )
            fields.append(self[name])
        return fields

    @property
    def meanings(self) -> dict[str, str]:
        """What each word of the event type was said to mean."""
        chosen = {field.label: self.cleaned_data.get(field.name) for field in self.words}
        return {word: meaning for word, meaning in chosen.items() if meaning}

    @property
    def mapping(self) -> dict[str, str]:
        return {role: self.cleaned_data[role] for role in ROLES if self.cleaned_data.get(role)}


class FeaturesForm(forms.Form):
    feature_set = forms.ChoiceField(choices=FEATURE_SET_CHOICES, widget=forms.RadioSelect, label="Features")
    as_of = forms.DateField(
        required=False,
        label="Cutoff",
        widget=forms.DateInput({"type": "date"}),
        help_text="Features know what happened before this day. Default: the latest day with known outcomes.",
    )

    def clean_feature_set(self):
        chosen = self.cleaned_data["feature_set"]
        if chosen not in FEATURE_SETS:
            raise forms.ValidationError(
                f"There is no such set of features. Choose one of: {', '.join(FEATURE_SETS)}."
            )
        return chosen


class ChurnForm(forms.Form):
    """A churn definition, asked for or confirmed."""

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
