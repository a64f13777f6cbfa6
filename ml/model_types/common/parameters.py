"""What the parameters of a model type may be, for who only asks: without a learning library."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class ParameterRule:
    """What one parameter may be: its kind, its range or its choices, and a line of help."""

    name: str
    kind: str  # "integer", "number", "choice" or "integers" (a list of whole numbers)
    minimum: float = -math.inf
    maximum: float = math.inf
    choices: tuple = ()
    may_be_none: bool = False
    help: str = ""
    # What people call it.
    label: str = ""

    def check(self, value):
        """Return `value` in its proper type, or refuse it with a sentence.

        Parameters
        ----------
        value : object
            As it came out of a form or out of JSON.

        Returns
        -------
        int, float, str, tuple of int or None

        Raises
        ------
        ValueError
            Wrong type, out of range, or not one of the choices.

        Examples
        --------
        >>> ParameterRule("max_depth", "integer", 1, 30).check(5)
        5
        >>> ParameterRule("max_depth", "integer", 1, 30).check(99)
        Traceback (most recent call last):
        ...
        ValueError: max_depth must be a whole number from 1 to 30, got 99.
        """
        if value is None and self.may_be_none:
            return None
        if self.kind == "choice":
            if value not in self.choices:
                raise ValueError(
                    f"{self.name} must be one of {', '.join(map(str, self.choices))}, got {value!r}."
                )
            return value
        if self.kind == "integers":
            if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= 5:
                raise ValueError(f"{self.name} must be a list of one to five whole numbers, got {value!r}.")
            return tuple(self._number(item) for item in value)
        return self._number(value)

    def _number(self, value):
        whole = self.kind != "number"
        allowed = isinstance(value, int) if whole else isinstance(value, (int, float))
        # bool is an int in Python, and a NaN is inside no range although no comparison says so.
        if isinstance(value, bool) or not allowed or not self.minimum <= value <= self.maximum:
            kind = "a whole number" if whole else "a number"
            raise ValueError(
                f"{self.name} must be {kind} from {self.minimum:g} to {self.maximum:g}"
                f"{' or nothing' if self.may_be_none else ''}, got {value!r}."
            )
        return value if whole else float(value)


# Said once for all types that are made of trees.
LEAF = ParameterRule(
    "min_samples_leaf",
    "integer",
    1,
    10_000,
    help="Fewest customers in a leaf; more is smoother.",
    label="Fewest customers in a leaf",
)
TREES = ParameterRule(
    "n_estimators", "integer", 10, 500, help="Number of trees; more is slower.", label="Trees"
)

# And of trees that mend one another.
LEARNING_RATE = ParameterRule(
    "learning_rate", "number", 0.001, 1, help="How much of each tree is added.", label="Learning rate"
)
SUBSAMPLE = ParameterRule(
    "subsample",
    "number",
    0.1,
    1,
    help="Share of the customers that each tree sees.",
    label="Share of customers per tree",
)
COLUMNS = ParameterRule(
    "colsample_bytree",
    "number",
    0.05,
    1,
    help="Share of the columns of each tree.",
    label="Share of columns per tree",
)
REG_LAMBDA = ParameterRule(
    "reg_lambda", "number", 0, 1e6, help="Regularisation; more is smoother.", label="Regularisation"
)
