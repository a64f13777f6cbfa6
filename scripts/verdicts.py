"""How often each verdict of a page is wrong on noise, and how often it sees what is worth seeing.

`python -m scripts.verdicts` measures all of them, and how often intervals hold the truth
(`scripts.coverage`), and writes docs/verdicts.md; the tests measure the same in small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from ml.evaluation.comparison import FEWEST_PER_CLASS, compare_versions
from ml.evaluation.leaks import single_column_auc
from ml.evaluation.metrics import reliability
from ml.evaluation.promises import judge_promises, judge_realised, noteworthy_fault
from ml.evaluation.proportions import falls_behind
from ml.evaluation.realised import Realised
from ml.evaluation.resampling import bootstrap_metrics
from ml.evaluation.signal import read_signal
from ml.evaluation.verdicts import NO_REAL_DIFFERENCE
from ml.learning.newest_uploads import judge_newest
from ml.logs.profile.regularity import weekday_p_value
from ml.logs.profile.seasons import SURE_OF_WEEKDAYS, judge_trend, judge_week, judge_year
from ml.logs.profile.silence import Days, silences_of
from ml.serving.risk import POLICIES
from scripts import coverage

DOCUMENT = Path(__file__).parent.parent / "docs" / "verdicts.md"
ROUNDS = 400
MOST_FALSE_ALARMS = 0.05
INTRODUCTION = """# How often a verdict is wrong

`python -m scripts.verdicts` made these tables: this one from {rounds:,} simulated logs or customer tables a
line. On noise nothing is there to be found, and a verdict is a false alarm: at most one in twenty is allowed.
Beside it stands how often the verdict is given where something is there that would be worth knowing.

"Resembling neighbours" is a first-order autoregression of .6; "restless" days or months vary by 30 % beyond
what independent customers would make them vary.

Who changes side, how often a challenger disagrees and what a column holds are counts of the customers at
hand, and no verdicts: nothing about them can be a false alarm.

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


# How many are held out of each upload, the oldest first.
UPLOADS = {
    (400, 400): "400 and 400 customers",
    (400, 400, 80): "400, 400 and 80 customers",
    (300,) * 12: "12 times 300 customers",
}
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


def end_is_doubted(rng, *, pace, kept=1.0, strays=0):
    """Draw 400 days of a shop that is restless, closed at weekends, has a season and loses a half a year."""
    day, share = np.arange(400), np.ones(400)
    share[-32:] = kept
    season = np.exp(-0.7 * day / 365) * (1 + 0.5 * np.cos(2 * np.pi * (day / 365 + rng.random())))
    restless_weeks = np.repeat(rng.lognormal(0, 0.3, 58), 7)[:400]
    level = pace * np.where(day % 7 < 5, 1.4, 0) * season * restless_weeks * share
    counts = np.append(rng.poisson(level), np.zeros(27, dtype=int))
    counts[400 + np.arange(strays) * 6] = 1
    return any(each["at_end"] for each in _silences(counts))


def end_of_a_decline_is_doubted(rng, *, level):
    """Draw a year whose days each have as many rows as `level`, which falls to next to nothing by itself."""
    return any(each["at_end"] for each in _silences(rng.poisson(level(np.arange(400)))))


def gap_is_named(rng, *, pace, billed=0, missing=0):
    """Draw two years of restless weeks, or of bills every so many days beside a few other rows."""
    day = np.arange(730)
    level = pace * np.repeat(rng.lognormal(0, 0.3, 105), 7)[:730]
    if billed:
        level *= np.where((day - rng.integers(billed)) % billed < 5, billed / 5, 0.1)
    first = rng.integers(100, 600)
    level[first : first + missing] = 0
    return any(not each["at_end"] for each in _silences(rng.poisson(level)))


def _silences(counts):
    happened = np.flatnonzero(counts)
    return silences_of(Days(happened + 738_000, counts[happened]))


def promises_fail(rng, *, customers, shift, slope):
    true = rng.normal(-1.3, 1.3, customers)
    churned = rng.random(customers) < _chance(true)
    return judge_promises(reliability(churned.astype(int), _chance(slope * true + shift))).fault is not None


def promises_fail_for_the_newest(rng, *, uploads, shift=0.0):
    """Draw customers held out of each of the `uploads`; of all but the oldest more leave, by `shift`."""
    came = np.repeat(np.arange(len(uploads)), uploads)
    promised = rng.normal(-1.3, 1.3, len(came))
    churned = rng.random(len(came)) < _chance(promised + shift * (came > 0))
    found = judge_newest(churned.astype(int), _chance(promised), came)
    return any(noteworthy_fault(found[whose]) for whose in ("newest", "calibration"))


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


def left_otherwise_than_promised(rng, *, customers, shift=0.0, slope=1.0):
    """Ask of a file with outcomes whether those who left are those who were promised to."""
    true, policy = rng.normal(-1.3, 1.3, customers), POLICIES["segments_v2"]
    seen = Realised(len(policy.tiers))
    churned = (rng.random(customers) < _chance(true)).astype(np.float64)
    promised = _chance(slope * true + shift)
    seen.take(churned, promised, named=promised >= 0.5, tiers=policy.positions(promised))
    return judge_realised(seen.to_dict()).fault is not None


def some_group_falls_behind(rng, *, customers, of_weak):
    """Look at twelve groups by three features; in the first one so many of the leavers are found."""
    churned = rng.random(customers) < 0.26
    groups = rng.integers(0, 4, (3, customers))
    found = churned & (rng.random(customers) < np.where(groups[0] == 0, of_weak, 0.6))
    parts = [(found & chosen, churned & chosen) for of in groups for chosen in (of == at for at in range(4))]
    parts = [(int(hits.sum()), int(left.sum())) for hits, left in parts if left.sum() >= FEWEST_PER_CLASS]
    of_all = {"all_hits": int(found.sum()), "all_tried": int(churned.sum()), "looks": len(parts)}
    return any(falls_behind(hits, left, **of_all) for hits, left in parts)


def beats_chance(rng, *, customers, knows):
    true = rng.normal(-1.3, 1.3, customers)
    churned = (rng.random(customers) < _chance(true)).astype(int)
    said = _chance(knows * true + rng.normal(0, 1.3, customers))
    figures = bootstrap_metrics(churned, said, resamples=300).to_dict()
    return read_signal({"intervals": figures}).beats_chance


def beats_column(rng, *, customers, worse):
    """Compare how a model ranks with one column, which knows as much but for what `worse` blurs in it."""
    true = rng.normal(-1.3, 1.3, customers)
    churned = (rng.random(customers) < _chance(true)).astype(int)
    column, model = (_chance(true + rng.normal(0, 0.5 + more, customers)) for more in (worse, 0.0))
    ranks = compare_versions(churned, column, model, resamples=300).differences
    return next(found.difference.low for found in ranks if found.metric == "AUC") > 0


def a_column_knows(rng, *, customers, flipped):
    """Look at twenty columns by chance; the last follows from the outcome, but for a share of customers."""
    churned = (rng.random(customers) < 0.26).astype(int)
    columns = {f"column {at}": rng.normal(0, 1, customers) for at in range(20)}
    columns["last"] = np.where(rng.random(customers) < flipped, 1 - churned, churned) + rng.normal(
        0, 0.01, customers
    )
    frame = pd.DataFrame(columns if flipped < 0.5 else dict(list(columns.items())[:-1]))
    return any(found.verdict != "fine" for found in single_column_auc(frame, churned))


def _chance(log_odds):
    return 1 / (1 + np.exp(-log_odds))


FLAT = np.ones(1)
CHRISTMAS = np.array([1.0] * 10 + [1.4, 1.6])
WEEKEND = np.array([1.0] * 5 + [1.3, 1.3])
# What falls to next to nothing, and no row of it is missing.
FALLS = {
    "a steady decline to nothing within a year": lambda day: 2 * (1 - day / 400),
    "a launch that is halved every six weeks": lambda day: 20 * np.exp(-day / 60),
}


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


def _ends():
    """Return the cases of the end of a log, of a small shop and of a larger one."""
    for pace in (2, 20):
        doubted, size = partial(end_is_doubted, pace=pace), f"{pace} rows a day"
        name = "the end of a log has few rows"
        yield Case(name, "season, decline, closed at weekends, restless weeks", size, True, doubted)
        yield Case(name, "85 % of the last 32 days are missing", size, False, partial(doubted, kept=0.15))
        yield Case(name, "five rows up to 25 days behind the end", size, False, partial(doubted, strays=5))
        for data, shape in FALLS.items():
            level = partial(_times, pace, shape)
            yield Case(name, data, size, True, partial(end_of_a_decline_is_doubted, level=level))


def _times(pace, shape, day):
    return pace * shape(day)


def _gaps():
    """Return the cases of days inside a log, of a small shop and of a larger one."""
    for pace in (2, 20):
        named, size, name = partial(gap_is_named, pace=pace), f"{pace} rows a day", "days inside have no rows"
        yield Case(name, "restless weeks", size, True, named)
        yield Case(name, "bills each month beside a few others", size, True, partial(named, billed=30))
        yield Case(name, "bills each quarter beside a few others", size, True, partial(named, billed=91))
        yield Case(name, "21 days are missing", size, False, partial(named, missing=21))


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
    for uploads, size in UPLOADS.items():
        name, fail = (
            "off for the newest uploads or for all",
            partial(promises_fail_for_the_newest, uploads=uploads),
        )
        yield Case(name, "hold", size, True, fail)
        yield Case(name, "are 5 points too low", size, False, partial(fail, shift=0.3))
    for customers in (300, 1_287):
        differ = partial(differs_for_real, customers=customers)
        size = f"{customers:,} customers"
        yield Case("better or worse", "are equally good", size, True, partial(differ, worse=0.0))
        yield Case("better or worse", "know clearly more", size, False, partial(differ, worse=0.7))
        twice = partial(differ, worse=0.0, times=2)
        yield Case("better or worse", "are equally good, each customer twice", size, True, twice)


def _signals():
    """Return the cases of what a card says of a model, and a result of its file."""
    for customers in (200, 1_287):
        size = f"{customers:,} customers"
        promised = partial(left_otherwise_than_promised, customers=customers)
        name = "others left than promised"
        yield Case(name, "probabilities that hold", size, True, promised)
        yield Case(name, "probabilities 5 points too high", size, False, partial(promised, shift=0.33))
        sure = partial(promised, shift=0.75, slope=2.0)
        yield Case(name, "probabilities twice as sure as right", size, False, sure)
        chance = partial(beats_chance, customers=customers)
        name = "ranks better than chance"
        yield Case(name, "a model that knows nothing", size, True, partial(chance, knows=0.0))
        yield Case(name, "a model of AUC .64", size, False, partial(chance, knows=0.6))
        column = partial(beats_column, customers=customers)
        name = "ranks better than the best single column"
        yield Case(name, "a column that is as good", size, True, partial(column, worse=0.0))
        yield Case(name, "a column 8 points of AUC below", size, False, partial(column, worse=1.0))
        knows = partial(a_column_knows, customers=customers)
        name = "a column knows the answer"
        yield Case(name, "twenty columns by chance", size, True, partial(knows, flipped=0.5))
        yield Case(name, "one column right for 99 of 100", size, False, partial(knows, flipped=0.01))
    for customers in (1_287, 10_000):
        size = f"{customers:,} customers"
        behind = partial(some_group_falls_behind, customers=customers)
        name = "finds fewer leavers in some groups"
        yield Case(name, "groups in which it finds as many", size, True, partial(behind, of_weak=0.6))
        yield Case(name, "one group with 35 of 100 instead of 60", size, False, partial(behind, of_weak=0.35))


CASES = (*_patterns(), *_ends(), *_gaps(), *_models(), *_signals())


def lines_of(cases):
    """Yield the line of each verdict as soon as it is measured."""
    for case in cases:
        given = share_given(case, ROUNDS)
        data = f"{case.data} (noise)" if case.is_noise else case.data
        yield f"| {case.verdict} | {data} | {case.size} | {100 * given:.1f} % |"


def write(lines, measured):
    """Write both tables.

    Parameters
    ----------
    lines : list of str
        From `lines_of`.
    measured : dict
        From `scripts.coverage.measure_all`.
    """
    first, *others = coverage.table(measured)
    intervals = [coverage.INTRODUCTION.format(rounds=coverage.ROUNDS) + first, *others]
    text = INTRODUCTION.format(rounds=ROUNDS) + "\n".join([*lines, *intervals])
    DOCUMENT.write_text(f"{text}\n")


def main():
    lines = []
    for line in lines_of(CASES):
        lines.append(line)
        print(line, flush=True)
    write(lines, coverage.measure_all())


if __name__ == "__main__":
    main()
