"""Where a file belongs that was given at another door: what it is, said in a sentence, and the way there."""

from collections.abc import Callable
from dataclasses import dataclass

from companies.identity import Member
from ml.logs.features.catalogue import FEATURE_SETS
from tabular.previews.preview import Preview
from tabular.previews.recognition import looks_like_a_log, looks_like_a_result

PURCHASE_LOG, FEATURES, RESULT, OUTCOMES = "purchase-log", "features", "result", "outcomes"
# What a log is mistaken for: its page leads on by itself, programs are told the address.
CUSTOMERS = "customers"
# So many columns with names of our features, and a table holds features.
FEWEST_FEATURES = 4


@dataclass(frozen=True)
class Door:
    """Where files of a kind go: a page for people and an address for programs, of each member.

    `takes_file` says that the page takes the file that was refused elsewhere and kept.
    """

    label: str
    page: Callable[[Member], str]
    address: Callable[[Member], str]
    takes_file: bool = False


# By what a file is; the apps above say it in their ``apps.py``.
doors: dict[str, Door] = {}


@dataclass(frozen=True)
class Belongs:
    """What a file is, why it is thought so, and what to do with it."""

    what: str
    reason: str
    member: Member

    @property
    def sentence(self) -> str:
        return f"{self.reason} {ADVICE[self.what]}"

    @property
    def door(self) -> dict | None:
        """The way there, for who sent the file: ``label``, ``url`` of the page, ``address`` for programs."""
        door = doors.get(self.what)
        return door and {
            "label": door.label,
            "url": door.page(self.member),
            "address": door.address(self.member),
            "takes_file": door.takes_file,
        }


ADVICE = {
    PURCHASE_LOG: "Add it under Purchase logs. Here a file has one row for each customer.",
    FEATURES: "Models learn from them, and score them, where they were computed: on the page of their "
    "purchase log. Nothing has to be sent again.",
    RESULT: "What a model predicted is no outcome that happened. Open the result under History, or give the "
    "file that was predicted.",
    OUTCOMES: "Add that column to the table with what else is known of these customers, and give that: under "
    "Retrain to learn from it, under Predict to see how right a prediction was.",
}


def belongs_elsewhere(preview: Preview, *, member: Member) -> Belongs | None:
    """Return what a table is that is none of customers: features, a result of ours, a log; else None."""
    if reason := _looks_like_features(preview):
        return Belongs(FEATURES, reason, member)
    if reason := looks_like_a_result(preview):
        return Belongs(RESULT, reason, member)
    reason = looks_like_a_log(preview)
    return Belongs(PURCHASE_LOG, reason, member) if reason else None


def _looks_like_features(preview: Preview) -> str:
    named = {column.name.strip().casefold() for column in preview.columns}
    known = [f.name for features in FEATURE_SETS.values() for f in features if f.name.casefold() in named]
    if len(set(known)) < FEWEST_FEATURES:
        return ""
    return (
        f"{known[0]!r}, {known[1]!r} and others are features that were computed of a purchase log: this is a "
        "file of features, with one row for each customer."
    )
