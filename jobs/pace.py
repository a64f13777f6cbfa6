"""How much of a job is done, and when it will end: from steps whose weights are known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# A guess from less would jump about.
SHORTEST_LOOK = timedelta(seconds=2)
# So many seconds at the usual speed are taken as seen before the first step: one that ended in a moment says
# little of those that follow.
HEAD_START = 5.0
# What is told is later than what is expected, so that it seldom has to be put off.
MARGIN = 1.15
# A step of unknown size is never called done before the next one begins.
MOST_OF_A_STEP = 0.95


@dataclass(frozen=True)
class Pace:
    """Where one attempt at a job stands.

    Parameters
    ----------
    plan
        Name and weight of each step, in their order. A weight is how many seconds the step usually takes.
    planned_at, step_started_at
        When the first step began, and the current one.
    step
        The current one; a name that is not planned belongs to none.
    done, total
        Of the current step; a total of 0 where its size is not known.
    """

    plan: Sequence[tuple[str, float]]
    planned_at: datetime
    step: str
    step_started_at: datetime
    done: int = 0
    total: int = 0

    def share_done(self, *, at: datetime) -> float:
        """Return how much of the whole is done."""
        before, own, after = self._parts()
        whole = before + own + after
        return (before + own * self._share_of_step(at)) / whole if whole else 0.0

    def expected_end(self, *, at: datetime) -> datetime | None:
        """Return when the last step will be done at the speed seen so far; None while that is a guess."""
        if at - self.planned_at < SHORTEST_LOOK:
            return None
        return at + self._left_of_step(at) + timedelta(seconds=self._parts()[2] * self._speed())

    def _left_of_step(self, at):
        spent = at - self.step_started_at
        if 0 < self.done <= self.total and spent >= SHORTEST_LOOK:
            return spent * (self.total - self.done) / self.done
        return max(timedelta(seconds=self._expected_of_step()) - spent, timedelta())

    def _share_of_step(self, at):
        if self.total > 0:
            return min(1.0, max(0.0, self.done / self.total))
        expected = self._expected_of_step()
        spent = (at - self.step_started_at).total_seconds()
        return min(MOST_OF_A_STEP, max(0.0, spent / expected)) if expected else 0.0

    def _expected_of_step(self):
        return self._parts()[1] * self._speed()

    def _speed(self):
        """Return how many seconds one second of the plan takes."""
        spent = max(0.0, (self.step_started_at - self.planned_at).total_seconds())
        return (spent + HEAD_START) / (self._parts()[0] + HEAD_START)

    def _parts(self):
        """Return the weights of what was before the current step, of it, and of what comes after."""
        names = [name for name, _ in self.plan]
        place = names.index(self.step) if self.step in names else 0
        own = self.plan[place][1] if self.step in names else 0.0
        weights = [weight for _, weight in self.plan]
        return sum(weights[:place]), own, sum(weights[place + bool(own) :])


@dataclass(frozen=True)
class Promise:
    """When people were told that it would end, and when that was put off for the first time."""

    end_at: datetime | None = None
    put_off_at: datetime | None = None

    def renewed(self, expected: datetime | None, *, at: datetime) -> Promise:
        """Return what people are told from now on; a later end only together with the word that it is later.

        Parameters
        ----------
        expected
            From `Pace.expected_end`; None leaves everything as it was.
        """
        if expected is None:
            return self
        told = at + (expected - at) * MARGIN
        if self.end_at is None or told < self.end_at:
            return Promise(told, self.put_off_at)
        if expected > self.end_at:
            return Promise(told, self.put_off_at or at)
        return self
