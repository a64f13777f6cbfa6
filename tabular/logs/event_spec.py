"""How one purchase log is read: decided once, then followed cell by cell by whoever reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tabular.errors import TableError, shown
from tabular.source.spec import ParseSpec
from tabular.values.amounts import NumberFormat

REQUIRED = ("customer_id", "event_at")
# Columns of events that are there whatever the file has.
ALWAYS = (*REQUIRED, "event_type")
NUMBERS = ("amount", "unit_price", "quantity", "discount")
TEXTS = ("order_id", "product", "category")
PURCHASE, VISIT = "purchase", "visit"
# Who has one of these bought something, also where nobody wrote down for how much.
OF_PURCHASES = frozenset({"order_id", "product", "quantity", "discount"})
# In the order in which they are asked for. `unit_price` and `quantity` together answer for `amount`.
ROLES = (
    "customer_id",
    "event_at",
    "time",
    "amount",
    "order_id",
    "product",
    "category",
    "quantity",
    "unit_price",
    "discount",
    "event_type",
    "label",
)


@dataclass(frozen=True)
class EventSpec:
    """How one purchase log is read.

    Parameters
    ----------
    table
        How its rows are found.
    places, columns
        Place and name of the column of each mapped role.
    date_order
        ``YMD``, ``DMY``, ``MDY`` or ``SERIAL``.
    point_zero
        Each id of a customer ends in .0, which some program added: it is read without.
    time_form
        ``CLOCK``, ``HALVES`` or ``FRACTION``, where the time of day has a column of its own.
    numbers
        How the numbers are written, by role.
    meanings
        What words of the event type mean, in small letters, where a person said it.
    cancels
        Orders like C536379 beside plain numbers are cancelled ones.
    """

    table: ParseSpec
    places: dict[str, int]
    columns: dict[str, str]
    date_order: str
    numbers: dict[str, NumberFormat]
    cancels: bool = False
    time_form: str | None = None
    point_zero: bool = False
    meanings: dict[str, str] = field(default_factory=dict)

    @property
    def multiplies(self) -> bool:
        """Whether the amount is unit price times quantity."""
        return "amount" not in self.places and {"unit_price", "quantity"} <= self.places.keys()

    @property
    def has_amounts(self) -> bool:
        """Whether the log says what was paid; one of visits does not."""
        return "amount" in self.places or self.multiplies

    @property
    def event_columns(self) -> frozenset[str]:
        """The columns that its events have: those that the file has, and what is made of them."""
        made = ["amount"] if self.has_amounts else []
        return frozenset((*ALWAYS, *self.places, *made))

    @property
    def called(self) -> str:
        """What a row that counts is called: a visit, where nothing says that something was bought."""
        bought = self.has_amounts or OF_PURCHASES & self.places.keys()
        return PURCHASE if bought else VISIT

    def label(self, role: str) -> str:
        """Return the name of the column of a role, for sentences."""
        if role == "amount" and self.multiplies:
            return self.columns["unit_price"]
        return self.columns[role]

    def companions(self, path: Path | str) -> list[Path]:
        """Return the files beside the upload that must move and be deleted with it."""
        return self.table.companions(path)

    def to_dict(self) -> dict:
        """Return the specification ready for JSON."""
        return {
            "table": self.table.to_dict(),
            "places": dict(self.places),
            "columns": dict(self.columns),
            "date_order": self.date_order,
            "numbers": {role: written.to_dict() for role, written in self.numbers.items()},
            "cancels": self.cancels,
            "time_form": self.time_form,
            "point_zero": self.point_zero,
            "meanings": dict(self.meanings),
        }

    @classmethod
    def from_dict(cls, found: dict) -> EventSpec:
        """Build a specification again from `to_dict`, also after a round trip through JSON."""
        return cls(
            **{
                **found,
                "table": ParseSpec.from_dict(found["table"]),
                "numbers": {role: NumberFormat(**written) for role, written in found["numbers"].items()},
            }
        )


def refuse_mapping(kind: str, message: str, *names: str) -> TableError:
    """Return the refusal of a mapping that points at some columns."""
    return TableError(kind, message, column=names[0] if names else None, columns=names)


def quoted(names) -> str:
    """Return names as they may stand in a sentence."""
    return ", ".join(shown(name) for name in names)
