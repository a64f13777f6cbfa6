"""Geometry of the small server-drawn pictures (bars, histogram, split bar): numbers in, SVG attributes out.

Widths and places across are percentages, so a picture fills any width without stretching its text and without
a `style` attribute, which the content security policy forbids.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

HISTOGRAM_HEIGHT = 160
# Air between neighbours, as a share of one bin.
GAP = 0.08


@dataclass(frozen=True)
class Histogram:
    """What `components/_histogram.html` draws; `bars` and `ticks` are dictionaries of SVG attributes."""

    height: int
    bars: list[dict[str, Any]]
    x_ticks: list[dict[str, str]]
    y_ticks: list[dict[str, str]]
    total: int


def bar_widths(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give each row (`label`, `value`) a `width` in percent of the largest absolute value."""
    rows = list(rows)
    largest = max((abs(row["value"]) for row in rows), default=0)
    return [{**row, "width": _percent(abs(row["value"]), largest)} for row in rows]


@dataclass(frozen=True)
class Range:
    """Where an interval and its value lie on the scale that it shares with others, as SVG attributes."""

    start: str
    width: str
    at: str


def ranges(rows: Iterable[Mapping[str, float]]) -> list[Range]:
    """Lay intervals (`low`, `value`, `high`) on one scale, from the lowest to the highest end of them."""
    rows = list(rows)
    lowest, highest = min((r["low"] for r in rows), default=0), max((r["high"] for r in rows), default=0)
    air = (highest - lowest) * GAP or 1.0

    def place(value):
        return _percent(value - lowest + air, highest - lowest + 2 * air)

    return [
        Range(
            place(row["low"]),
            _percent(row["high"] - row["low"], highest - lowest + 2 * air),
            place(row["value"]),
        )
        for row in rows
    ]


def split(parts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lay parts (`label`, `count`, `tone`) end to end; each gets `x`, `width` and its `share`."""
    parts = list(parts)
    total = sum(part["count"] for part in parts)
    placed, before = [], 0
    for part in parts:
        share = part["count"] / total if total else 0.0
        placed.append(
            {**part, "x": _percent(before, total), "width": _percent(part["count"], total), "share": share}
        )
        before += part["count"]
    return placed


def histogram(bins: Iterable[Mapping[str, Any]]) -> Histogram:
    """Lay out adjoining bins (`start`, `end`, `count`, optional `tone`), in order.

    Only edges where the tone changes, and the two ends, are labelled: they are what the reader compares with.
    Two pictures side by side get one scale where each bin names the count of the other, `beside`.
    """
    bins = list(bins)
    if not bins:
        return Histogram(height=HISTOGRAM_HEIGHT, bars=[], x_ticks=[], y_ticks=[], total=0)
    steps = round_steps(max(max(item["count"], item.get("beside", 0)) for item in bins))
    top = steps[-1]
    first, span = bins[0]["start"], bins[-1]["end"] - bins[0]["start"]
    total = sum(item["count"] for item in bins)

    bars = []
    for item in bins:
        width = (item["end"] - item["start"]) / span
        height = item["count"] / top * HISTOGRAM_HEIGHT
        if item["count"]:
            height = max(height, 1.5)  # one customer among a million must still be seen
        bars.append(
            {
                **item,
                "x": _percent(item["start"] - first + GAP / 2 * width * span, span),
                "width": _percent(width * (1 - GAP), 1),
                "y": f"{HISTOGRAM_HEIGHT - height:.1f}",
                "height": f"{height:.1f}",
                "share": item["count"] / total if total else 0.0,
            }
        )

    edges = [(first, "start")]
    edges += [
        (right["start"], "middle")
        for left, right in itertools.pairwise(bins)
        if left.get("tone") != right.get("tone")
    ]
    edges.append((bins[-1]["end"], "end"))
    x_ticks = [
        {"x": _percent(at - first, span), "label": f"{at:g}", "anchor": anchor} for at, anchor in edges
    ]
    y_ticks = [
        {"y": f"{HISTOGRAM_HEIGHT - step / top * HISTOGRAM_HEIGHT:.1f}", "label": f"{step:,}"}
        for step in steps
    ]
    return Histogram(height=HISTOGRAM_HEIGHT, bars=bars, x_ticks=x_ticks, y_ticks=y_ticks, total=total)


def round_steps(largest: int, *, wanted: int = 4) -> list[int]:
    """Return axis steps 0, s, 2s, ... up to or past `largest`, with s from 1, 2, 5, 10, 20, 50, ...

    >>> round_steps(1834)
    [0, 500, 1000, 1500, 2000]
    >>> round_steps(0)
    [0, 1]
    """
    if largest <= 0:
        return [0, 1]
    rough = largest / wanted
    magnitude = 10 ** math.floor(math.log10(rough)) if rough >= 1 else 1
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= rough)
    return list(range(0, math.ceil(largest / step) * step + 1, step))


def _percent(part: float, whole: float) -> str:
    return f"{part / whole * 100:.2f}%" if whole else "0%"
