"""From a probability to a tier, by a named policy."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RiskPolicy:
    """Cuts the probability into tiers.

    Attributes
    ----------
    id : str
        Stored beside every result; a tier means nothing without it.
    tiers : tuple of str
        From the lowest to the highest.
    bounds : tuple of float
        Rising; one fewer than tiers.
    bound_belongs : {"above", "below"}
        To which side a probability exactly on a bound falls.
    """

    id: str
    tiers: tuple[str, ...]
    bounds: tuple[float, ...]
    bound_belongs: str = "above"

    def __post_init__(self):
        if len(self.tiers) != len(self.bounds) + 1 or list(self.bounds) != sorted(set(self.bounds)):
            raise ValueError(f"{self.id}: {len(self.tiers)} tiers need one bound fewer, in rising order.")
        if self.bound_belongs not in ("above", "below"):
            raise ValueError(f"{self.id}: a bound belongs above or below, got {self.bound_belongs!r}.")

    def tier(self, probability):
        """Return the tier of one customer.

        Parameters
        ----------
        probability : float
            Unrounded; rounding is for display and would move customers across bounds.

        Returns
        -------
        str

        Raises
        ------
        ValueError
            The probability is outside [0, 1], or not a number.

        Examples
        --------
        >>> SEGMENTS_V2.tier(0.7), TIERS_ADVISOR.tier(0.7)
        ('Critical', 'Medium')
        """
        if not 0 <= probability <= 1:
            raise ValueError(f"A probability lies between 0 and 1, got {probability}.")
        bisect = bisect_right if self.bound_belongs == "above" else bisect_left
        return self.tiers[bisect(self.bounds, probability)]

    def positions(self, probabilities):
        """Return the position in `tiers` of many customers at once.

        Parameters
        ----------
        probabilities : ndarray of float64, shape (n,)

        Returns
        -------
        ndarray of int8, shape (n,)
            Small on purpose: it serves as the codes of a dictionary column.

        Raises
        ------
        ValueError
            A probability is outside [0, 1], or not a number.
        """
        values = np.asarray(probabilities, dtype=np.float64)
        if not ((values >= 0) & (values <= 1)).all():
            raise ValueError("Probabilities must lie between 0 and 1.")
        position = np.zeros(len(values), dtype=np.int8)
        for bound in self.bounds:
            position += values >= bound if self.bound_belongs == "above" else values > bound
        return position


# Low below 0.3, Medium below 0.5, High below 0.7, Critical from 0.7 on.
SEGMENTS_V2 = RiskPolicy("segments_v2", ("Low", "Medium", "High", "Critical"), (0.3, 0.5, 0.7), "above")
# Low up to 0.4, Medium up to 0.7, High only above 0.7.
TIERS_ADVISOR = RiskPolicy("tiers_advisor", ("Low", "Medium", "High"), (0.4, 0.7), "below")

POLICIES = {policy.id: policy for policy in (SEGMENTS_V2, TIERS_ADVISOR)}
