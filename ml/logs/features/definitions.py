"""What is said about a feature, and the words that many of them share."""

from __future__ import annotations

from dataclasses import asdict, dataclass

INTEGER, FLOAT, CATEGORY = "integer", "float", "category"


@dataclass(frozen=True)
class FeatureDefinition:
    """One feature of one customer at a cutoff.

    Attributes
    ----------
    name : str
    definition : str
        How it is computed, in full. An *activity* is any event but a return; a *purchase* is one order, or
        one row of type purchase where the log has no orders. Days are calendar days; "ago" counts back from
        the day of `as_of`, so that what happened the day before is 1 day ago.
    window : str
        Which events count. Events at or after `as_of` never do.
    unit : str
    needs : tuple of str
        Columns of the log without which the feature is absent (not zero): what was paid, say, in a log of
        visits. "time" stands for times of day.
    example : str
        A case that can be checked by hand.
    dtype : {"integer", "float", "category"}
    undefined : str
        What stands where the customer's own events do not define it.
    """

    name: str
    definition: str
    window: str
    unit: str
    needs: tuple[str, ...]
    example: str
    dtype: str = FLOAT
    undefined: str = ""

    def to_dict(self) -> dict:
        """Return plain text and lists, ready for JSON."""
        return asdict(self) | {"needs": list(self.needs)}


ALWAYS, LAST_90, LAST_30 = "everything before as_of", "90 days before as_of", "30 days before as_of"
MONEY = "currency of the log"
# Needs of what speaks of money.
PAID = ("amount",)
