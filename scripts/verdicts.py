"""How often each verdict of a page is wrong on noise, and how often it sees what is worth seeing.

`python -m scripts.verdicts` measures all of them and writes docs/verdicts.md; the tests measure the same in
small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ml.evaluation.comparison import compare_versions
from ml.evaluation.metrics import reliability
from ml.evaluation.promises import judge_promises
from ml.evaluation.verdicts import NO_REAL_DIFFERENCE
from ml.logs.profile.regularity import weekday_p_value
from ml.logs.profile.seasons import SURE_OF_WEEKDAYS, judge_trend, judge_week, judge_year

DOCUMENT = Path(__file__).parent.parent / "docs" / "verdicts.md"
ROUNDS = 400
MOST_FALSE_ALARMS = 0.05
INTRODUCTION = """# How often a verdict is wrong

`python -m scripts.verdicts` made this table from {rounds:,} simulated logs or customer tables a line. On
noise nothing is there to be found, and a verdict is a false alarm: at most one in twenty is allowed. Beside
it stands how often the verdict is given where something is there that would be worth knowing.

"Resembling neighbours" is a first-order autoregression of .6; "restless" days or months vary by 30 % beyond
what independent customers would make them vary.

| verdict | on data that | size | given |
| --- | --- | --- | ---: |
"""


@dataclass(frozen=True)
class Case:
    """One verdict on one kind of data; `given` draws such data and says whether the verdict was given."""

    verdict: str
    data: str
    size: str
    is_noise: bool
    given: Callable[[np.random.Generator], bool]

    def __str__(self):
        return f"{self.verdict}, {self.data}, {self.size}"


def share_given(case: Case, rounds: int) -> float:
    """Return in how many of so many draws the verdict is given."""
    return sum(case.given(np.random.default_rng([seed, 17])) for seed in range(rounds)) / rounds


def independent(rng, level):
    return rng.poisson(level).astype(np.float64)


def restless(rng, level):
    return independent(rng, level * np.exp(rng.normal(0, 0.3, len(level))))


def resembling(rng, level):
    """Draw counts that vary by 15 % beyond chance, each period resembling the one before it."""
    drift = np.empty(len(level))
    now = rng.normal(0, 0.15)
    for place in range(len(level)):
        now = 0.6 * now + rng.normal(0, 0.12)
        drift[place] = now
    return independent(rng, level * np.exp(drift))


KINDS = {
    "independent": independent,
    "restless": restless,
    "resembling neighbours": resembling,
}


def follows_the_year(rng, *, draw, months, shape):
    level = 300 * (1 + 0.01 * np.arange(months)) * np.resize(shape, months)
    return bool(judge_year(draw(rng, level)).get("follows"))


def follows_the_week(rng, *, draw, weeks, shape):
    level = 30 * np.resize(shape, 7 * weeks)
    return bool(judge_week(draw(rng, level).reshape(weeks, 7)).get("follows"))


def weekdays_differ(rng, *, draw, weeks, shape):
    level = 30 * np.resize(shape, 7 * weeks)
    return weekday_p_value(draw(rng, level).reshape(weeks, 7)) < SURE_OF_WEEKDAYS


def has_a_trend(rng, *, draw, weeks, monthly):
    level = 200 * np.exp(monthly * 7 / 30.4375 * np.arange(weeks))
    return judge_trend(draw(rng, level))["direction"] in ("growing", "declining")


def promises_fail(rng, *, customers, shift, slope):
    true = rng.normal(-1.3, 1.3, customers)
    churned = rng.random(customers) < _chance(true)
    return judge_promises(reliability(churned.astype(int), _chance(slope * true + shift))).fault is not None


def differs_for_real(rng, *, customers, worse, times=1):
    """Compare two versions that know the customers alike, but for what `worse` blurs in the first.

    Each customer came so many `times`, under other ids.
    """
    true = rng.normal(-1.3, 1.3, customers)
    churned = (rng.random(customers) < _chance(true)).astype(int)
    one, other = (_chance(true + rng.normal(0, 0.3 + more, customers)) for more in (worse, 0.0))
    groups = np.tile(np.arange(customers), times)
    again = (np.tile(each, times) for each in (churned, one, other))
    return compare_versions(*again, resamples=300, groups=groups).verdict != NO_REAL_DIFFERENCE


def _chance(log_odds):
    return 1 / (1 + np.exp(-log_odds))


FLAT = np.ones(1)
CHRISTMAS = np.array([1.0] * 10 + [1.4, 1.6])
WEEKEND = np.array([1.0] * 5 + [1.3, 1.3])


def _patterns():
    """Return the cases of trend, week and year: each on three kinds of noise and on one useful effect."""
    for kind, draw in KINDS.items():
        for months in (36, 60):
            year = partial(follows_the_year, draw=draw, months=months)
            size = f"{months} months"
            yield Case("follows the year", kind, size, True, partial(year, shape=FLAT))
            yield Case("follows the year", f"{kind}, 40 to 60 % more before Christmas", size, False,
                       partial(year, shape=CHRISTMAS))  # fmt: skip
        for weeks in (13, 52, 104):
            size = f"{weeks} weeks"
            for name, judge in (("weekdays differ", weekdays_differ), ("follows the week", follows_the_week)):
                week = partial(judge, draw=draw, weeks=weeks)
                yield Case(name, kind, size, True, partial(week, shape=FLAT))
                yield Case(name, f"{kind}, 30 % more at weekends", size, False, partial(week, shape=WEEKEND))
        for weeks in (26, 52, 104):
            trend = partial(has_a_trend, draw=draw, weeks=weeks)
            size = f"{weeks} weeks"
            yield Case("grows or declines", kind, size, True, partial(trend, monthly=0.0))
            yield Case(
                "grows or declines", f"{kind}, 3 % more each month", size, False, partial(trend, monthly=0.03)
            )


def _models():
    """Return the cases of calibration and comparison, at the sizes that people have."""
    for customers in (200, 1_287, 10_000):
        fail = partial(promises_fail, customers=customers)
        size = f"{customers:,} customers"
        yield Case("probabilities are off", "hold", size, True, partial(fail, shift=0.0, slope=1.0))
        yield Case(
            "probabilities are off", "are 5 points too high", size, False, partial(fail, shift=0.3, slope=1.0)
        )
        yield Case("probabilities are off", "are twice as sure as right", size, False,
                   partial(fail, shift=0.75, slope=2.0))  # fmt: skip
    for customers in (300, 1_287):
        differ = partial(differs_for_real, customers=customers)
        size = f"{customers:,} customers"
        yield Case("better or worse", "are equally good", size, True, partial(differ, worse=0.0))
        yield Case("better or worse", "know clearly more", size, False, partial(differ, worse=0.7))
        twice = partial(differ, worse=0.0, times=2)
        yield Case("better or worse", "are equally good, each customer twice", size, True, twice)


CASES = (*_patterns(), *_models())


def main():
    lines = []
    for case in CASES:
        given = share_given(case, ROUNDS)
        data = f"{case.data} (noise)" if case.is_noise else case.data
        lines.append(f"| {case.verdict} | {data} | {case.size} | {100 * given:.1f} % |")
        print(lines[-1], flush=True)
    DOCUMENT.write_text(INTRODUCTION.format(rounds=ROUNDS) + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
