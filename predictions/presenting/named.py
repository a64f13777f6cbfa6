"""Who is named as leaving, and how many of them are expected to leave: said alike at every place."""

from dataclasses import dataclass

from core.figures import counted
from ml.evaluation.signal import NAMES_NOBODY


@dataclass(frozen=True)
class Named:
    """The customers of a finished run from the threshold on; `counts` is its stored summary.

    Who is named need not leave: with a threshold of 0.31 most of those named may well stay. So nowhere is it
    said how many are named without how many of them are expected to leave. Results of earlier days did not
    add that up, and leave it out.
    """

    counts: dict

    @property
    def customers(self) -> int:
        return self.counts["churners"]

    @property
    def rows(self) -> int:
        return self.counts["rows"]

    @property
    def share(self) -> float:
        return self.customers / self.rows if self.rows else 0.0

    @property
    def expected(self) -> float | None:
        return self.counts.get("expected_named")

    @property
    def threshold(self) -> str:
        return f"{self.counts['threshold']:.2f}"

    @property
    def is_sorted_only(self) -> bool:
        """Whether the model names nobody, whatever the probability."""
        return self.counts["threshold"] >= NAMES_NOBODY

    @property
    def rule(self) -> str:
        """From where on a customer is named, in a sentence."""
        if self.is_sorted_only:
            return "This model names nobody: none of its thresholds is shown to pick out leavers well enough."
        return (
            f"From a probability of {self.threshold} on a customer is named as leaving. Not all "
            "of those named will leave."
        )

    @property
    def headline(self) -> str:
        if self.is_sorted_only:
            customers = counted(self.rows, "customer is", "customers are")
            return f"{customers} scored, and the model names nobody"
        if self.rows == 1:
            return self._of_one
        if not self.customers:
            return (
                f"None of {self.rows:,} customers is named: nobody has a probability of {self.threshold} or "
                "more"
            )
        verb = "is" if self.customers == 1 else "are"
        expected = f"; {self.expectation}" if self.expectation else ""
        return (
            f"{self.customers:,} of {self.rows:,} customers {verb} named, from a probability of "
            f"{self.threshold} on{expected}"
        )

    @property
    def expectation(self) -> str:
        """How many of those named will leave, in words; empty where nobody is named or nobody knows."""
        if not self.customers or self.expected is None:
            return ""
        if self.customers == 1:
            return f"the probability is {self.expected:.2f}"
        if not round(self.expected):
            return "fewer than one of them is expected to leave"
        verb = "is" if round(self.expected) == 1 else "are"
        return f"about {self.expected:,.0f} of them {verb} expected to leave"

    @property
    def _of_one(self):
        side = (
            f"named, from a probability of {self.threshold} on"
            if self.customers
            else f"not named: the probability is below {self.threshold}"
        )
        known = f"; {self.expectation}" if self.expectation else ""
        return f"This customer is {side}{known}"
