"""What a model reads: the columns, their categories and their ranges."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cached_property

# How a cleaned table spells what is none of the listed values.
OTHER, BLANK, UNKNOWN = "(other)", "(blank)", "(unknown)"


def is_blank(value: object) -> bool:
    """Say whether a cell holds nothing: None, NaN, or text of white space only.

    Parameters
    ----------
    value : object

    Returns
    -------
    bool

    Examples
    --------
    >>> [is_blank(value) for value in (None, float("nan"), " ", 0, "0")]
    [True, True, True, False, False]
    """
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, float) and math.isnan(value))


def normal(text: object) -> str:
    """Return the form under which two spellings of a category are the same: trimmed and case-folded.

    Parameters
    ----------
    text : object
        A category as it came: text, a whole number (SeniorCitizen is 0 or 1 in most files), a boolean.

    Returns
    -------
    str

    Examples
    --------
    >>> normal("  Month-to-Month ")
    'month-to-month'
    >>> normal(1.0)
    '1'
    """
    if isinstance(text, float) and text.is_integer():
        # A column of 0 and 1 with one blank anywhere becomes float on the way through most readers.
        text = int(text)
    return str(text).strip().casefold()


@dataclass(frozen=True)
class Category:
    """A column of text with a known list of values.

    A cell belongs to the value that equals it after trimming and case-folding. Anything else is an unknown
    category: it takes part in no one-hot column, in training and in every serving path alike.

    Attributes
    ----------
    other : bool
        Whether values that are not listed share a one-hot column of their own, and are unknown no more.
    blank : bool
        Whether blank cells have one; without it a blank is a value that is not listed.
    """

    name: str
    values: tuple[str, ...]
    other: bool = False
    blank: bool = False

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """What the one-hot columns stand for: the listed values, then the others, then blanks."""
        return (*self.values, *([OTHER] if self.other else []), *([BLANK] if self.blank else []))

    @cached_property
    def lookup(self) -> dict[str, int]:
        """Position of each level, by its normal form."""
        found = {normal(value): position for position, value in enumerate(self.values)}
        for position in range(len(self.values), len(self.levels)):
            found.setdefault(self.levels[position], position)
        return found

    @property
    def unknown(self) -> str:
        """How a cleaned table spells a cell that belongs to no level."""
        return UNKNOWN if self.blank else ""

    def position(self, value: object) -> int:
        """Return the position of `value` among the levels, or -1 for an unknown category.

        Parameters
        ----------
        value : object
            A cell.

        Returns
        -------
        int

        Examples
        --------
        >>> plan = Category("Plan", ("Basic", "Gold"), other=True, blank=True)
        >>> [plan.position(cell) for cell in ("gold ", "Silver", None)], Category("P", ("A",)).position("B")
        ([1, 2, 3], -1)
        """
        if is_blank(value):
            # A schema may list the empty text as a value like others.
            if isinstance(value, str) and "" in self.lookup:
                return self.lookup[""]
            if self.blank:
                return len(self.levels) - 1
        elif (found := self.lookup.get(normal(value))) is not None:
            return found
        return len(self.values) if self.other else -1

    def spelling(self, value: object) -> str:
        """Return the level of `value` as a cleaned table spells it.

        Parameters
        ----------
        value : object

        Returns
        -------
        str
        """
        position = self.position(value)
        return self.levels[position] if position >= 0 else self.unknown


@dataclass(frozen=True)
class Number:
    """A numeric column and the range outside which a value cannot be true.

    Attributes
    ----------
    fill : float or None
        How a blank is read; None where a blank is a fault.
    indicator : bool
        Whether the encoded matrix has one more column that says where the cell was blank.
    """

    name: str
    minimum: float
    maximum: float
    integer: bool = False
    unit: str = ""
    fill: float | None = None
    indicator: bool = False


@dataclass(frozen=True)
class BlankRule:
    """A blank in `column` means `value` where `when_column` equals `when_value`; elsewhere it is a fault."""

    column: str
    value: float
    when_column: str
    when_value: float


@dataclass(frozen=True)
class FeatureSchema:
    """The features of a model in a fixed order, and the columns around them.

    Attributes
    ----------
    id_column : str
        Names the customer; carried along, never learned from.
    label : Category
        What is predicted; its last value is the one that counts as churned.
    ignored : tuple of str
        Columns that files of this kind usually have and that no model reads. Any other extra column is
        ignored as well; these are listed so that a page can say "known, not used" instead of "unexpected".
    """

    name: str
    id_column: str
    categorical: tuple[Category, ...]
    numeric: tuple[Number, ...]
    label: Category
    blanks: tuple[BlankRule, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """Names of all features: the categorical ones, then the numeric ones."""
        return tuple(column.name for column in (*self.categorical, *self.numeric))

    @property
    def encoded_columns(self) -> tuple[str, ...]:
        """Names of the columns of the encoded matrix: one per level, one per number, one per indicator."""
        hot = (f"{column.name}={level}" for column in self.categorical for level in column.levels)
        blanks = (f"{column.name} is blank" for column in self.indicated)
        return (*hot, *(column.name for column in self.numeric), *blanks)

    @property
    def indicated(self) -> tuple[Number, ...]:
        """The numbers whose blanks have a column of their own."""
        return tuple(column for column in self.numeric if column.indicator)

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Which columns of the encoded matrix each feature has."""
        places, start = {}, 0
        for column in self.categorical:
            places[column.name] = list(range(start, start + len(column.levels)))
            start += len(column.levels)
        for column in self.numeric:
            places[column.name] = [start]
            start += 1
        for column in self.indicated:
            places[column.name].append(start)
            start += 1
        return places

    def to_dict(self) -> dict:
        """Return the schema as plain lists, texts and numbers, ready for JSON.

        Returns
        -------
        dict
        """
        plain = _plain(asdict(self))
        for column in (*plain["categorical"], *plain["numeric"], plain["label"]):
            # What is not used is not written: the text of an older schema stays the same.
            for name, default in _LATER.items():
                if name in column and column[name] == default:
                    del column[name]
        return plain

    @classmethod
    def from_dict(cls, data: dict) -> FeatureSchema:
        """Rebuild a schema from what `to_dict` gave, also after a round trip through JSON.

        Parameters
        ----------
        data : dict

        Returns
        -------
        FeatureSchema

        Raises
        ------
        ValueError
            A part is missing, or a number has no finite range.

        Examples
        --------
        >>> left = Category("left", ("no", "yes"))
        >>> plain = FeatureSchema("members", "id", (), (Number("age", 0, 120),), left)
        >>> FeatureSchema.from_dict(plain.to_dict()) == plain
        True
        """
        try:
            schema = cls(
                name=data["name"],
                id_column=data["id_column"],
                categorical=tuple(_category(column) for column in data["categorical"]),
                numeric=tuple(Number(**column) for column in data["numeric"]),
                label=_category(data["label"]),
                blanks=tuple(BlankRule(**rule) for rule in data.get("blanks", ())),
                ignored=tuple(data.get("ignored", ())),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"This is not a feature schema: {error}.") from error
        for column in schema.numeric:
            if not (math.isfinite(column.minimum) and math.isfinite(column.maximum)):
                raise ValueError(
                    f"{column.name} needs a finite range, got {column.minimum} to {column.maximum}."
                )
            if column.fill is not None and not column.minimum <= column.fill <= column.maximum:
                raise ValueError(f"{column.name} is filled with {column.fill}, which is outside its range.")
            if column.indicator and column.fill is None:
                raise ValueError(f"{column.name} says where it is blank, but not what a blank is read as.")
        return schema


def _plain(value):
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value


def _category(data: dict) -> Category:
    flags = {name: bool(data.get(name, False)) for name in ("other", "blank")}
    return Category(name=data["name"], values=tuple(data["values"]), **flags)


_LATER = {"other": False, "blank": False, "fill": None, "indicator": False}
