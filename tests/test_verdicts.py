"""Verdicts on noise: seldom given, and given where something is there."""

import pytest

from scripts.verdicts import CASES, DOCUMENT, MOST_FALSE_ALARMS, share_given

NOISE = [case for case in CASES if case.is_noise]


@pytest.mark.parametrize("case", NOISE, ids=str)
def test_a_verdict_is_seldom_given_on_noise(case):
    # Of 60, more than 9 are given once in a thousand times where one in twenty is right.
    assert share_given(case, 60) <= 9 / 60


@pytest.mark.prove
@pytest.mark.parametrize("case", NOISE, ids=str)
def test_a_verdict_is_given_on_noise_once_in_twenty_times_at_most(case):
    # 2,000 rounds leave a standard error of half a point.
    assert share_given(case, 2_000) <= MOST_FALSE_ALARMS + 0.01


def test_the_table_in_the_docs_has_a_line_for_each_case_and_keeps_the_promise():
    table = DOCUMENT.read_text().partition("\n## ")[0]
    lines = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| ")][2:]

    given = {
        (line[0].strip(), line[1].strip(), line[2].strip()): float(line[3].strip(" %")) for line in lines
    }
    expected = {(c.verdict, f"{c.data} (noise)" if c.is_noise else c.data, c.size) for c in CASES}
    assert set(given) == expected
    assert all(share <= 5.5 for (_, data, _), share in given.items() if data.endswith("(noise)"))
